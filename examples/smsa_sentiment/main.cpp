// Indonesian sentiment on SmSA, from the data to the report, as in the tutorial of IndoNLU. `run` reads from top to
// bottom.
//
//   smsa_sentiment --data DIR --model indobert-base-p1    fine-tunes a checkpoint
//   smsa_sentiment --data DIR                             trains a small BERT from scratch
#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/precision.hpp"
#include "../common/profile.hpp"
#include "../common/program.hpp"
#include "../common/setup.hpp"
#include "../common/text_length.hpp"
#include "from_scratch.hpp"
#include "options.hpp"
#include "report.hpp"
#include "teachers/train_with_teachers.hpp"

#include <tempa/tempa.hpp>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace tempa;

namespace {

/// One pass over the training batches: loss, gradients, a step of the optimizer.
template <Floating T, typename Loader>
EpochRecord train_epoch(BertForSequenceClassification<T>& model, Loader& loader, Optimizer& optimizer,
                        GradScaler& scaler, AveragedModel* average, Device device, Index epoch) {
  const auto start = std::chrono::steady_clock::now();
  ScoreKeeper scores(ProblemType::kSingleLabelClassification);
  model.train();
  auto batches = progress(loader, {.description = concat("(Epoch ", epoch, ") TRAIN")});
  for (const Batch& loaded : batches) {
    const ProfileScope scope("training step");
    const Batch batch = loaded.to(device);
    const auto output = model(batch);
    const double loss = static_cast<double>(output.loss.item());
    if (!std::isfinite(loss))
      throw NumericalError(concat("expected a finite loss in epoch ", epoch, " but it is ", loss));
    scaler.scale(output.loss).backward();
    scaler.step(optimizer, {.max_norm = 1.0});  // clips the gradients, updates the weights, and clears the gradients
    scaler.update();
    if (average != nullptr) average->update();
    scores.add(output, batch, {.mean = loss, .weight = loss_weight_of(model, batch)});
    char text[64];
    std::snprintf(text, sizeof text, "LOSS:%.4f LR:%.8f", scores.mean_loss(), optimizer.lr());
    batches.bar().set_postfix(text);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  return {.epoch = epoch,
          .train = scores.scores(),
          .lr = optimizer.lr(),
          .seconds = seconds.count(),
          .tokens_per_second = static_cast<double>(scores.tokens()) / seconds.count()};
}

template <Floating T>
int run(Options options) {
  check_output(options.output);
  const Device device = prepare_machine(options);
  manual_seed(options.seed);
  std::cout << "data: " << options.data << "\ndevice: " << device << ", threads: " << num_threads()
            << ", precision: " << options.precision << '\n';

  // The data: three tables of a text and its class.
  const std::vector<std::string>& names = DocumentSentimentDataset::label_names();
  const std::filesystem::path folder = options.data;
  const LabeledTexts train = read_labeled_texts(folder / "train_preprocess.tsv", names);
  const LabeledTexts valid = read_labeled_texts(folder / "valid_preprocess.tsv", names);
  const LabeledTexts test = read_labeled_texts(folder / "test_preprocess.tsv", names);

  // The tokenizer and the model: those of a checkpoint, or new ones.
  const bool scratch = options.model.empty();
  if (scratch && !options.max_length) options.max_length = kLengthFromScratch;
  const AnyTokenizer tokenizer = scratch ? learn_tokenizer(train.texts, SubwordModel::kWord, options)
                                         : AutoTokenizer::from_pretrained(options.model);
  using Classifier = BertForSequenceClassification<T>;
  Classifier model =
      scratch ? Classifier(small_config(options, tokenizer.vocab_size()))
              : Classifier::from_pretrained(
                    options.model, {.labels = names, .allow_new_weights = options.epochs > 0, .check_finite = true});
  model.to(device);
  const TextLength length =
      text_length(options.max_length, "--max-length", tokenizer, model.config().max_position_embeddings);
  options.max_length = length.tokens;
  std::cout << "vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters\n"
            << length.line() << '\n'
            << std::flush;

  // The loaders: texts to ids, examples to packed batches. Of the training texts some tokens are masked, anew each
  // time.
  const AugmentedTexts train_data(train, tokenizer, {.max_length = options.max_length},
                                  {.token_mask_prob = options.token_masking});
  const DocumentSentimentDataset valid_data(valid, tokenizer, {.max_length = options.max_length});
  const DocumentSentimentDataset test_data(test, tokenizer, {.max_length = options.max_length});
  DataLoader train_loader(train_data,
                          {.batch_size = options.batch_size,
                           .shuffle = true,
                           .seed = options.seed,
                           .num_workers = 1,
                           .tokens_per_batch = options.tokens_per_batch},
                          PackedCollate{});
  DataLoader valid_loader(valid_data, {.batch_size = 64}), test_loader(test_data, {.batch_size = 64});

  // The loss, the optimizer and its schedule.
  model.loss_options.label_smoothing = options.label_smoothing;
  if (options.class_weights)
    model.loss_options.class_weights = balanced_class_weights(train.labels, DocumentSentimentDataset::num_labels());
  Adam optimizer(model.named_parameters(), AdamOptions{.lr = options.lr});
  StepLR schedule(optimizer, {.step_size = 1, .gamma = options.gamma});
  GradScaler scaler = scaler_for<T>();
  std::unique_ptr<AveragedModel> average;  // of the weights over the last steps: what is evaluated and kept
  if (options.average_decay > 0)
    average = std::make_unique<AveragedModel>(model.named_parameters(),
                                              AveragedModelOptions{.decay = options.average_decay, .warm_up = true});
  EarlyStopping stopping({.patience = options.patience});

  // The training: after each epoch the validation file says whether the model is the best so far, or to stop.
  RunReport report;
  StateDict best;
  if (options.teachers > 0) report.train = teachers::train_with_teachers(model, train, valid, tokenizer, options);
  for (Index epoch = 1; options.teachers == 0 && epoch <= options.epochs && !stopping.should_stop(); ++epoch) {
    EpochRecord record = train_epoch(model, train_loader, optimizer, scaler, average.get(), device, epoch);
    schedule.step();
    if (average) average->swap();
    record.valid = evaluate(model, valid_loader).scores;
    record.best = stopping.update((*record.valid)["f1_macro"]);
    if (record.best) best = state_dict(model).clone();
    if (average) average->swap();
    std::printf("(Epoch %d) TRAIN %s LR:%.8f\n", static_cast<int>(epoch), record.train.line().c_str(), record.lr);
    std::printf("(Epoch %d) VALID %s\n", static_cast<int>(epoch), record.valid->line().c_str());
    std::fflush(stdout);
    report.train.push_back(std::move(record));
  }
  if (!best.empty()) load_state_dict(model, best);

  // The report: accuracy, macro F1, recall and precision, by class and in all; and three sentences.
  report.valid = evaluate(model, valid_loader);
  report.test = evaluate(model, test_loader);
  std::cout << "\nVALID " << report.valid->scores.line() << "\nTEST  " << report.test->scores.line() << '\n';
  std::cout << "\nTest file\n" << evaluation_report(*report.test, names);
  warn_of_one_answer("VALID", *report.valid, names, false);
  warn_of_one_answer("TEST", *report.test, names, false);
  std::cout << "\nThree sentences\n";
  for (const std::string_view sentence :
       {"makanannya enak sekali dan pelayanannya ramah", "pertemuan itu akan dimulai pukul sembilan pagi",
        "kecewa berat , kamarnya kotor dan tidak nyaman"}) {
    const NoGrad no_grad;
    const std::array<TextExample, 1> example{
        {{.encoding = tokenizer.encode(sentence, {.max_length = options.max_length})}}};
    const auto logits = model(PackedCollate{}(example).to(device)).logits;
    print_probabilities(std::cout, sentence, softmax(cast<float>(logits), -1).value().to(Device::cpu()), names);
  }

  // The model, its tokenizer and the figures.
  save_output(options.output, [&](const std::filesystem::path& output) {
    model.save_pretrained(output);
    tokenizer.save_pretrained(output);
    write_metrics(output / "metrics.json", report, names);
  });
  if (!options.output.empty()) std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (const auto status = parse_options(argc, argv, options)) return *status;
  return run_program("smsa_sentiment", [&] {
    return with_profile(options, [&] {
      return with_precision(options.precision, [&]<typename T>(std::type_identity<T>) { return run<T>(options); });
    });
  });
}
