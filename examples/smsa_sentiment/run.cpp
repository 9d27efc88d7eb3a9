// The body of the program, for each type that --precision names. One file: what depends on none is compiled once.
#include "run.hpp"

#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/precision.hpp"
#include "../common/setup.hpp"
#include "../common/text_length.hpp"
#include "report.hpp"
#include "teachers/teachers.hpp"

#include <tempa/tempa.hpp>

#include <array>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace tempa;
using teachers::Teacher;

namespace {

template <Floating T>
using Classifier = BertForSequenceClassification<T>;

const std::vector<std::string>& class_names() { return DocumentSentimentDataset::label_names(); }

/// The three files of an SmSA folder.
struct Tables {
  LabeledTexts train, valid, test;

  explicit Tables(const std::filesystem::path& folder)
      : train(read_labeled_texts(folder / "train_preprocess.tsv", class_names())),
        valid(read_labeled_texts(folder / "valid_preprocess.tsv", class_names())),
        test(read_labeled_texts(folder / "test_preprocess.tsv", class_names())) {}
};

/// What a model is trained on: the training file, and texts that teachers have labelled, if there are any.
struct Lesson {
  LabeledTexts gold, taught;
};

template <Floating T>
std::vector<EpochRecord> train(Classifier<T>& model, const Lesson& lesson, const AnyTokenizer& tokenizer,
                               const LabeledTexts& valid, const Options& options,
                               const std::function<void()>& on_epoch_end = {}) {
  const EncodeOptions encoding{.max_length = options.max_length};
  const bool taught = lesson.taught.size() > 0;
  const ConcatDataset data(
      AugmentedTexts(lesson.gold, tokenizer, encoding,
                     {.piece_drop_prob = options.piece_dropout, .token_mask_prob = options.token_masking}),
      AugmentedTexts(lesson.taught, tokenizer, encoding, {.token_mask_prob = options.taught_token_masking}));
  DataLoader loader(data, {.batch_size = options.batch_size * (taught ? 2 : 1),
                           .shuffle = true,
                           .seed = options.seed,
                           .num_workers = 1,
                           .tokens_per_batch = options.tokens_per_batch});
  const DocumentSentimentDataset valid_data(valid, tokenizer, {.max_length = options.max_length});
  DataLoader valid_loader(valid_data, {.batch_size = 64});
  AdamW optimizer(weight_decay_groups(model.named_parameters(),
                                      AdamWOptions{.lr = options.lr, .weight_decay = options.weight_decay}));
  LinearScheduleWithWarmup schedule(optimizer,
                                    {.num_training_steps = options.epochs * loader.size(), .warmup_ratio = 0.1});
  std::optional<AveragedModel> average;
  if (options.average_decay > 0)
    average.emplace(model.named_parameters(), AveragedModelOptions{.decay = options.average_decay, .warm_up = true});
  GradScaler scaler = scaler_for<T>();
  Trainer trainer(
      model, optimizer,
      {.epochs = options.epochs, .max_grad_norm = 1.0, .scaler = &scaler, .average = average ? &*average : nullptr});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  if (on_epoch_end)
    trainer.on_epoch_end([&](const EpochRecord& record) {
      if (record.epoch < options.epochs) on_epoch_end();
      return true;
    });
  return trainer.fit(loader, valid_loader);
}

template <Floating T>
Classifier<T> new_classifier(const Options& options, const AnyTokenizer& tokenizer, Device device) {
  BertConfig config = config_from_scratch(options, *options.max_length, tokenizer.vocab_size(), class_names(),
                                          ProblemType::kSingleLabelClassification);
  config.intermediate_size = options.intermediate;
  Classifier<T> model(config);
  model.to(device);
  return model;
}

BertTokenizer new_tokenizer(const Tables& tables, SubwordModel tokens, const Options& options) {
  return train_bert_tokenizer(
      tables.train.texts,
      {.vocab_size = options.vocab_size, .model = tokens, .tokenizer = {.model_max_length = options.max_length}});
}

/// A BERT of one layer. Teachers see texts as pieces of words and as whole words in turn: they shall err differently.
template <Floating T>
Teacher train_bert_teacher(const Lesson& lesson, const Tables& tables, std::int64_t number, Options options,
                           Device device) {
  options.layers = 1;
  options.intermediate = 4 * options.hidden;
  options.seed = options.seed * 1000 + static_cast<std::uint64_t>(number);
  const bool pieces = number % 2 == 1;
  options.piece_dropout = pieces ? options.piece_dropout : 0.0;
  const auto tokenizer = new_tokenizer(tables, pieces ? SubwordModel::kUnigram : SubwordModel::kWord, options);
  const auto model = std::make_shared<Classifier<T>>(new_classifier<T>(options, tokenizer, device));
  std::cout << "\nTeacher " << number << " of " << options.teachers + 1 << ": BERT of 1 layer, "
            << tokenizer.vocab_size() << (pieces ? " pieces of words" : " words") << '\n';
  train(*model, lesson, tokenizer, tables.valid, options);
  return [model, tokenizer, length = options.max_length](const std::vector<std::string>& texts) {
    LabeledTexts asked;
    asked.texts = texts;
    asked.lines.assign(texts.size(), 0);
    return predict_logits(*model, encode_texts(asked, tokenizer, {.max_length = length}), 64);
  };
}

/// Trains the model that is kept: on the training file alone, or with teachers, who first learn from it and then label
/// texts that are spliced from it anew in each epoch.
template <Floating T>
std::vector<EpochRecord> train_student(Classifier<T>& model, const Tables& tables, const AnyTokenizer& tokenizer,
                                       const Options& options, Device device) {
  const Index classes = DocumentSentimentDataset::num_labels();
  Options own = options;
  if (options.model.empty() && !options.pieces) own.piece_dropout = 0.0;  // words have no other pieces than [UNK]
  Lesson lesson{.gold = tables.train, .taught = {}};
  const auto weights =
      options.class_weights ? balanced_class_weights(tables.train.labels, classes) : std::vector<double>();
  lesson.gold.targets = teachers::soft_labels(tables.train.labels, classes, weights, options.label_smoothing);
  std::vector<Teacher> teaching;
  for (std::int64_t number = 1; number <= options.teachers; ++number)
    teaching.push_back(train_bert_teacher<T>(lesson, tables, number, options, device));
  if (teaching.empty()) return train(model, lesson, tokenizer, tables.valid, own);

  std::cout << "\nTeacher " << options.teachers + 1 << " of " << options.teachers + 1
            << ": logistic regression on words and pairs of words\n";
  const BertTokenizer* words = tokenizer.get_if<BertTokenizer>();
  teaching.push_back(teachers::train_ngram_teacher(
      tables.train, words != nullptr ? *words : new_tokenizer(tables, SubwordModel::kWord, options), options.seed));
  std::cout << "\nStudent: the training file, and as many texts that the teachers label\n" << std::flush;
  const auto teach = [&] { lesson.taught = teachers::taught_texts(tables.train, teaching); };
  teach();
  return train(model, lesson, tokenizer, tables.valid, own, teach);
}

template <Floating T>
void classify(Classifier<T>& model, const AnyTokenizer& tokenizer, const Options& options) {
  constexpr std::array<std::string_view, 3> kSentences{"makanannya enak sekali dan pelayanannya ramah",
                                                       "pertemuan itu akan dimulai pukul sembilan pagi",
                                                       "kecewa berat , kamarnya kotor dan tidak nyaman"};
  const NoGrad no_grad;
  model.eval();
  std::cout << "\nThree sentences\n";
  for (const std::string_view sentence : kSentences) {
    const std::array<TextExample, 1> example{
        {{.encoding = tokenizer.encode(sentence, {.max_length = options.max_length})}}};
    const auto probabilities = softmax(cast<float>(model(PackedCollate{}(example)).logits), -1).value();
    print_probabilities(std::cout, sentence, probabilities, class_names());
  }
}

}  // namespace

template <Floating T>
int run(const Options& given) {
  check_output(given.output);
  Options options = given;
  const Device device = prepare_machine(options);
  manual_seed(options.seed);
  std::cout << "data: " << options.data << "\ndevice: " << device << ", threads: " << num_threads()
            << ", precision: " << options.precision << '\n';

  const Tables tables(options.data);
  const bool scratch = options.model.empty();
  if (scratch && !options.max_length) options.max_length = kLengthFromScratch;
  const AnyTokenizer tokenizer =
      scratch ? new_tokenizer(tables, options.pieces ? SubwordModel::kUnigram : SubwordModel::kWord, options)
              : AutoTokenizer::from_pretrained(options.model);
  auto model = scratch
                   ? new_classifier<T>(options, tokenizer, device)
                   : Classifier<T>::from_pretrained(options.model, {.labels = DocumentSentimentDataset::label_names(),
                                                                    .allow_new_weights = options.epochs > 0,
                                                                    .check_finite = true});
  model.to(device);
  const TextLength length =
      text_length(options.max_length, "--max-length", tokenizer, model.config().max_position_embeddings);
  options.max_length = length.tokens;
  const DocumentSentimentOptions encoding{.max_length = options.max_length};
  const DocumentSentimentDataset valid_data(tables.valid, tokenizer, encoding),
      test_data(tables.test, tokenizer, encoding);
  std::cout << "vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters\n"
            << length.line() << '\n'
            << std::flush;

  DataLoader valid_loader(valid_data, {.batch_size = 64}), test_loader(test_data, {.batch_size = 64});
  RunReport report;
  if (options.epochs > 0) report.train = train_student(model, tables, tokenizer, options, device);
  report.valid = evaluate(model, valid_loader);
  report.test = evaluate(model, test_loader);
  std::cout << "\nVALID " << report.valid->scores.line() << "\nTEST  " << report.test->scores.line() << '\n';
  std::cout << "\nTest file\n" << evaluation_report(*report.test, class_names());
  warn_of_one_answer("VALID", *report.valid, class_names(), false);
  warn_of_one_answer("TEST", *report.test, class_names(), false);
  classify(model, tokenizer, options);

  save_output(options.output, [&](const std::filesystem::path& folder) {
    model.save_pretrained(folder);
    tokenizer.save_pretrained(folder);
    write_metrics(folder / "metrics.json", report, class_names());
  });
  if (!options.output.empty()) std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  return 0;
}

template int run<float>(const Options& options);
template int run<bfloat16>(const Options& options);
template int run<float16>(const Options& options);
