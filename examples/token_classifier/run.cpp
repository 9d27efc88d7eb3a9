// The program, for each number type of --precision. In one file, so that code without a number type is compiled once.
#include "run.hpp"

#include "../common/inference.hpp"
#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/precision.hpp"
#include "../common/setup.hpp"
#include "../common/text_length.hpp"
#include "../common/training_plan.hpp"

#include <tempa/data/data_loader.hpp>
#include <tempa/data/tagged_sentences.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/io/detail/json/json.hpp>
#include <tempa/metrics/entity_scores.hpp>
#include <tempa/metrics/report.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/optim/param_groups.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/text/training/vocabulary_trainer.hpp>
#include <tempa/train/predict_tags.hpp>
#include <tempa/train/report.hpp>
#include <tempa/train/trainer.hpp>

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace tempa;

namespace {

template <Floating T>
using Tagger = BertForTokenClassification<T>;

TaggedSentences read(const std::string& path, TagColumn column = TagColumn::kRequired) {
  return path == "-" ? read_tagged_sentences(std::cin, "standard input", column) : read_tagged_sentences(path, column);
}

/// How sentences are encoded.
struct SentenceEncoder {
  AnyTokenizer tokenizer;
  TokenClassificationOptions options;

  /// The length, and the reason for it, is printed to standard error. @throws ConfigError for more tokens than the
  /// model has positions.
  SentenceEncoder(AnyTokenizer any, const BertConfig& config, const Options& asked) : tokenizer(std::move(any)) {
    const TextLength length = text_length(asked.max_length, "--max-length", tokenizer, config.max_position_embeddings);
    std::cerr << length.line() << '\n';
    options = {.max_length = length.tokens,
               .overflow = asked.overflow,
               .labeled_pieces = asked.label_all_pieces ? LabeledPieces::kAll : LabeledPieces::kFirst};
  }

  /// @param tags (K) names of the classes.
  TokenClassificationDataset operator()(const TaggedSentences& sentences, const std::vector<std::string>& tags) const {
    return TokenClassificationDataset(sentences, tags, tokenizer, options);
  }
};

/// Scores of whole sentences, words that were cut off included; also prints them.
template <Floating T>
nlohmann::json score(const char* name, Tagger<T>& model, const SentenceEncoder& encode, TaggedSentences sentences,
                     const Options& options) {
  const std::vector<std::string>& tags = model.config().id2label;
  sentences = with_tags_of(std::move(sentences), tags);
  const auto data = encode(sentences, tags);
  DataLoader loader(data, {.batch_size = 64, .group_by_length = true}, TokenCollate{});
  const Evaluation evaluation = evaluate(model, loader);
  nlohmann::json root = evaluation_json(evaluation, tags);
  warn_of_one_answer(name, evaluation, tags, false);
  std::cout << '\n' << std::left << std::setw(6) << name << evaluation.scores.line() << '\n';
  if (const Index cut = data.words_cut_off(); cut > 0)
    std::cout << cut << " words were cut off; below they count as O\n";
  if (!are_entity_tags(tags)) {
    std::cout << '\n' << classification_report(*evaluation.confusion, {.names = tags, .digits = 4});
    return root;
  }
  const EntityScores scores =
      entity_scores(sentences.tags(), predict_tags(model, data, tags), {.scheme = options.scheme});
  std::cout << '\n' << entity_report(scores, 4);
  for (std::size_t i = 0; i < scores.types.size(); ++i)
    root["entities"][scores.types[i]] = {{"precision", scores.per_type[i].precision},
                                         {"recall", scores.per_type[i].recall},
                                         {"f1", scores.per_type[i].f1},
                                         {"support", scores.per_type[i].support}};
  return root;
}

/// The tokenizer that a training begins with: that of --model, or one learned from the words.
AnyTokenizer tokenizer_of(const TaggedSentences& sentences, const Options& options) {
  if (!options.model.empty()) return AutoTokenizer::from_pretrained(options.model);
  std::vector<std::string> texts;
  for (const TaggedSentence& sentence : sentences.sentences) {
    texts.emplace_back();
    for (const std::string& word : sentence.words) texts.back() += word + " ";
  }
  return train_bert_tokenizer(texts,
                              {.vocab_size = options.vocab_size,
                               .tokenizer = {.lower_case = !options.cased,
                                             .model_max_length = options.max_length.value_or(kLengthFromScratch)}});
}

template <Floating T>
int run_train(const Options& options) {
  check_output(options.output);
  const Device device = prepare_machine(options);
  manual_seed(options.seed);
  const TaggedSentences sentences = read(options.train);
  std::optional<TaggedSentences> valid, test;
  if (!options.valid.empty()) valid = read(options.valid);
  if (!options.test.empty()) test = read(options.test);
  const std::vector<std::string> tags = learn_tags(sentences);
  const AnyTokenizer tokenizer = tokenizer_of(sentences, options);
  auto model =
      options.model.empty()
          ? Tagger<T>(config_from_scratch(options, options.max_length.value_or(kLengthFromScratch),
                                          tokenizer.vocab_size(), tags, ProblemType::kSingleLabelClassification))
          : Tagger<T>::from_pretrained(options.model, {.labels = tags,
                                                       .label_order = LabelOrder::kModel,
                                                       .keep_labels = options.keep_labels,
                                                       .ignore_mismatched_sizes = options.ignore_mismatched_sizes,
                                                       .check_finite = true,
                                                       .log = &std::cout});
  model.to(device);
  const SentenceEncoder encode(tokenizer, model.config(), options);
  const auto data = encode(sentences, model.config().id2label);
  std::cout << "sentences: " << sentences.size() << ", tags: " << model.config().num_labels()
            << ", vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters\n";

  if (options.word_masking > 0 && !tokenizer.mask_token_id())
    throw ConfigError("--word-masking: expected a vocabulary with a mask token but it has none");
  DataLoader loader(data,
                    {.batch_size = options.batch_size,
                     .shuffle = true,
                     .seed = options.seed,
                     .tokens_per_batch = options.tokens_per_batch},
                    TokenCollate{.word_mask_prob = options.word_masking, .mask_token_id = tokenizer.mask_token_id()});
  model.loss_options.label_smoothing = options.label_smoothing;
  const TrainingPlan plan = training_plan(options, loader.size());
  std::cout << plan.line() << '\n' << std::flush;
  AdamW optimizer(
      weight_decay_groups(model.named_parameters(), AdamWOptions{.lr = plan.lr, .weight_decay = options.weight_decay}));
  LinearScheduleWithWarmup schedule(optimizer, {.num_training_steps = plan.steps(), .warmup_ratio = 0.1});
  GradScaler scaler = scaler_for<T>();
  Trainer trainer(model, optimizer,
                  {.epochs = plan.epochs, .max_grad_norm = 1.0, .metric = options.metric, .scaler = &scaler});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  std::vector<EpochRecord> history;
  if (valid) {
    const auto valid_data = encode(*valid, model.config().id2label);
    DataLoader valid_loader(valid_data, {.batch_size = 64}, TokenCollate{});
    history = trainer.fit(loader, valid_loader);
  } else {
    history = trainer.fit(loader);
  }

  nlohmann::json metrics{{"train", nlohmann::json::array()}};
  for (const EpochRecord& record : history) metrics["train"].push_back(epoch_json(record));
  if (valid) metrics["valid"] = score("VALID", model, encode, *valid, options);
  if (test) metrics["test"] = score("TEST", model, encode, *test, options);
  save_output(options.output, [&](const std::filesystem::path& folder) {
    model.save_pretrained(folder);
    tokenizer.save_pretrained(folder);
    write_json((folder / "metrics.json").string(), metrics);
  });
  if (!options.output.empty()) std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  return 0;
}

template <Floating T>
int run_evaluate(const Options& options) {
  const Device device = prepare_machine(options);
  auto model = load_for_inference<Tagger<T>>(options.model, device, options.allow_new_weights);
  const SentenceEncoder encode(AutoTokenizer::from_pretrained(options.model), model.config(), options);
  const nlohmann::json metrics = score("TEST", model, encode, read(options.input), options);
  std::cout << std::flush;  // before a file that may be /dev/stdout
  if (!options.output.empty()) write_json(options.output, metrics);
  return 0;
}

template <Floating T>
int run_predict(const Options& options) {
  const Device device = prepare_machine(options);
  auto model = load_for_inference<Tagger<T>>(options.model, device, options.allow_new_weights);
  const SentenceEncoder encode(AutoTokenizer::from_pretrained(options.model), model.config(), options);
  TaggedSentences sentences = read(options.input, TagColumn::kOptional);
  for (TaggedSentence& sentence : sentences.sentences) sentence.tags.clear();
  const std::vector<std::string>& names = model.config().id2label;
  const auto tags = predict_tags(model, encode(sentences, names), names, options.batch_size);
  if (options.output.empty() || options.output == "-") {
    write_tagged_sentences(std::cout, "standard output", sentences, tags);
  } else {
    write_tagged_sentences(std::filesystem::path(options.output), sentences, tags);
  }
  return 0;
}

}  // namespace

template <Floating T>
int run(const Options& options) {
  if (options.command == Options::Command::kPredict) return run_predict<T>(options);
  if (options.command == Options::Command::kEvaluate) return run_evaluate<T>(options);
  return run_train<T>(options);
}

template int run<float>(const Options& options);
template int run<tempa::bfloat16>(const Options& options);
template int run<tempa::float16>(const Options& options);
