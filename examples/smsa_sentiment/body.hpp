// The body of the program. run_fp32.cpp, run_bf16.cpp and run_fp16.cpp compile it for their type.
#pragma once

#include "../common/precision.hpp"
#include "../common/setup.hpp"
#include "report.hpp"
#include "run.hpp"

#include <tempa/tempa.hpp>

#include <array>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace tempa;

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

template <Floating T>
std::vector<EpochRecord> train(Classifier<T>& model, const LabeledTexts& table, const BertTokenizer& tokenizer,
                               DataLoader<DocumentSentimentDataset>& valid, const Options& options) {
  const AugmentedTexts data(table, tokenizer, {.max_length = options.max_length},
                            {.piece_drop_prob = options.piece_dropout, .token_mask_prob = options.token_masking});
  DataLoader loader(data, {.batch_size = options.batch_size, .shuffle = true, .seed = options.seed, .num_workers = 1});
  if (options.class_weights)
    model.loss_options.class_weights = balanced_class_weights(table.labels, DocumentSentimentDataset::num_labels());
  model.loss_options.label_smoothing = options.label_smoothing;
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
  return trainer.fit(loader, valid);
}

template <Floating T>
void classify(Classifier<T>& model, const BertTokenizer& tokenizer, const Options& options) {
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
int run(const Options& options) {
  const Device device = prepare_machine(options);
  manual_seed(options.seed);
  std::cout << "data: " << options.data << "\ndevice: " << device << ", threads: " << num_threads()
            << ", precision: " << options.precision << '\n';

  const Tables tables(options.data);
  const auto tokenizer = options.model.empty()
                             ? train_bert_tokenizer(tables.train.texts, {.vocab_size = options.vocab_size})
                             : BertTokenizer::from_pretrained(options.model);
  const DocumentSentimentOptions encoding{.max_length = options.max_length};
  const DocumentSentimentDataset train_data(tables.train, tokenizer, encoding),
      valid_data(tables.valid, tokenizer, encoding), test_data(tables.test, tokenizer, encoding);
  auto model = options.model.empty()
                   ? Classifier<T>(config_from_scratch(options, options.max_length, tokenizer.vocab_size(),
                                                       class_names(), ProblemType::kSingleLabelClassification))
                   : Classifier<T>::from_pretrained(options.model);
  model.to(device);
  std::cout << "vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters\n"
            << std::flush;

  DataLoader valid_loader(valid_data, {.batch_size = 64}), test_loader(test_data, {.batch_size = 64});
  RunReport report;
  if (options.epochs > 0) report.train = train(model, tables.train, tokenizer, valid_loader, options);
  model.loss_options = {};  // the figures below are the plain cross entropy
  report.valid = evaluate(model, valid_loader);
  report.test = evaluate(model, test_loader);
  std::cout << "\nVALID " << report.valid->scores.line() << "\nTEST  " << report.test->scores.line() << '\n';
  std::cout << "\nTest file\n" << evaluation_report(*report.test, class_names());
  classify(model, tokenizer, options);

  if (!options.output.empty()) {
    model.save_pretrained(options.output);
    tokenizer.save_pretrained(options.output);
    write_metrics(std::filesystem::path(options.output) / "metrics.json", report, class_names());
    std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  }
  return 0;
}
