// The program, for each number type of --precision. In one file, so that code without a number type is compiled once.
#include "run.hpp"

#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/precision.hpp"
#include "../common/setup.hpp"
#include "../common/text_length.hpp"
#include "data.hpp"
#include "model.hpp"
#include "report.hpp"

#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/tensorboard/summary_writer.hpp>
#include <tempa/train/detail/stop_signal.hpp>
#include <tempa/train/log/json_lines_logger.hpp>
#include <tempa/train/log/log_to.hpp>
#include <tempa/train/trainer.hpp>

#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace tempa;

namespace {

template <Floating T>
using Classifier = ReviewClassifier<T>;
using Examples = std::vector<TextExample>;

template <Floating T>
Classifier<T> make_model(const ChosenTokenizer& chosen, const Options& options) {
  if (options.model.empty())
    return Classifier<T>(
        config_from_scratch(options, options.max_length.value_or(kLengthFromScratch), chosen.tokenizer.vocab_size(),
                            options.label_names, ProblemType::kSingleLabelClassification),
        options.head_dropout);
  auto model = load_pretrained<Classifier<T>>(options.model, {.labels = options.label_names,
                                                              .problem_type = ProblemType::kSingleLabelClassification,
                                                              .allow_new_weights = options.epochs() > 0,
                                                              .check_finite = true});
  if (chosen.tokenizer.vocab_size() > model.config().vocab_size)
    throw ConfigError(concat("[japanese_reviews] the tokenizer of ", options.model, " has ",
                             chosen.tokenizer.vocab_size(), " tokens but its model has ", model.config().vocab_size));
  model.set_head_dropout(options.head_dropout);
  return model;
}

/// Where checkpoints go.
CheckpointOptions checkpoints(const Options& options) {
  if (options.output.empty()) {
    if (options.resume) throw ConfigError("--resume needs --output, the folder of the training to go on with");
    return {};
  }
  std::map<std::string, std::string> settings = options.settings;
  for (const char* name : {"--data", "--model"}) settings[name] = file_setting(settings[name]);
  return {.folder = options.output + "/checkpoints",
          .resume = options.resume,
          .accept_changes = options.accept_changes,
          .settings = settings};
}

/// A training, the learning rate of each of its steps, and whether it was stopped.
struct Training {
  std::vector<EpochRecord> history;
  std::vector<double> rates;
  bool interrupted = false;
};

template <Floating T>
Training train(Classifier<T>& model, const Parts& parts, const AnyTokenizer& tokenizer, const EncodeOptions& encoding,
               const Examples& valid, SummaryWriter* writer, const Options& options) {
  const AugmentedTexts data(parts.train, tokenizer, encoding,
                            {.piece_drop_prob = options.piece_dropout(), .token_mask_prob = options.token_masking()});
  // BatchNorm1d cannot compute the statistics of a single row.
  const bool one_left = data.size() % options.batch_size() == 1;
  DataLoader loader(data, {.batch_size = options.batch_size(),
                           .shuffle = true,
                           .seed = options.seed,
                           .drop_last = one_left,
                           .num_workers = 1});
  if (one_left) std::cout << "a last batch of one row is left out in each epoch: BatchNorm1d needs two\n";
  DataLoader valid_loader(valid, {.batch_size = 64});
  AdamW optimizer(model.named_parameters(), {.lr = options.lr(), .weight_decay = options.weight_decay});
  StepLR schedule(optimizer, {.step_size = loader.size(), .gamma = options.gamma});  // steps once a batch
  Training training;
  for (Index step = 0; step < options.epochs() * loader.size(); ++step) training.rates.push_back(schedule.lr_at(step));

  const StopSignal stop;
  GradScaler scaler = scaler_for<T>();
  Trainer trainer(model, optimizer,
                  {.epochs = options.epochs(),
                   .metric = "accuracy",
                   .scaler = &scaler,
                   .checkpoint = checkpoints(options),
                   .stop_requested = [] { return StopSignal::requested(); }});
  trainer.set_scheduler(schedule, ScheduleStep::kStep);
  std::optional<JsonLinesLogger> lines;
  if (!options.output.empty()) {
    std::filesystem::create_directories(options.output);
    lines.emplace(std::filesystem::path(options.output) / "log.jsonl");
    log_to(*lines, trainer);
  }
  if (writer != nullptr) {
    log_to(*writer, trainer);
    trainer.on_epoch_end([&](const EpochRecord&) {
      const auto shown = predictions(model, parts.valid, valid, options.label_names);
      show_picture(*writer, "predictions vs. actuals", plot_predictions(shown), trainer.steps());
      return true;
    });
  }
  training.history = trainer.fit(loader, valid_loader);
  training.interrupted = trainer.interrupted();
  if (!training.interrupted) return training;
  std::cout << "\nstopped; "
            << (options.output.empty() ? "nothing was saved: there is no --output"
                                       : "the same command with --resume goes on")
            << '\n';
  return training;
}

}  // namespace

template <Floating T>
int run(const Options& options) {
  check_settings(checkpoints(options));
  check_output(options.output);
  const Device device = prepare_machine(options);
  if (!kWritesPng) std::cerr << "pictures: SVG files only, and none in TensorBoard: this build has no cairo\n";
  manual_seed(options.seed);
  if (options.epochs() == 0 && options.model.empty()) throw ConfigError("--epochs 0 needs a --model to evaluate");
  const Parts parts = read_parts(options);
  const ChosenTokenizer chosen = choose_tokenizer(parts, options);
  auto model = make_model<T>(chosen, options);
  model.to(device);
  const TextLength length =
      text_length(options.max_length, "--max-length", chosen.tokenizer, model.config().max_position_embeddings);
  const EncodeOptions encoding{.max_length = length.tokens};
  const Examples valid = encode_texts(parts.valid, chosen.tokenizer, encoding),
                 test = encode_texts(parts.test, chosen.tokenizer, encoding);
  std::cout << "data: " << options.data << ", " << parts.train.size() << " training, " << valid.size()
            << " validation and " << test.size() << " test rows" << (options.stratified ? ", stratified" : "")
            << "\ntokenizer: " << chosen.description << ", " << chosen.tokenizer.vocab_size()
            << " tokens\nmodel: " << model.parameter_count() << " parameters; device: " << device
            << ", threads: " << num_threads() << '\n'
            << length.line() << '\n'
            << std::flush;

  std::optional<SummaryWriter> writer;
  if (!options.tensorboard.empty()) {
    writer.emplace(options.tensorboard);
    writer->add_graph(model, PackedCollate{}(std::span(valid).first(1)));
  }
  Training training;
  if (options.epochs() > 0) {
    training = train(model, parts, chosen.tokenizer, encoding, valid, writer ? &*writer : nullptr, options);
    if (training.interrupted) return StopSignal::exit_status();
  }

  DataLoader valid_loader(valid, {.batch_size = 64}), test_loader(test, {.batch_size = 64});
  const RunReport report{.train = training.history,
                         .valid = with_f1_micro(evaluate(model, valid_loader)),
                         .test = with_f1_micro(evaluate(model, test_loader))};
  const Metrics& scores = report.test->scores;
  std::cout << "\nTest part\n" << evaluation_report(*report.test, options.label_names);
  std::printf("\nTEST  LOSS:%.4f ACC:%.4f F1_MICRO:%.4f F1_MACRO:%.4f\n", scores["loss"], scores["accuracy"],
              scores["f1_micro"], scores["f1_macro"]);
  warn_of_one_answer("VALID", *report.valid, options.label_names, false);
  warn_of_one_answer("TEST", *report.test, options.label_names, false);
  const auto shown = predictions(model, parts.test, test, options.label_names);
  if (writer) {
    show_picture(*writer, "predictions vs. actuals (test)", plot_predictions(shown));
    show_picture(*writer, "confusion matrix (test)",
                 plot_confusion_matrix(*report.test->confusion, options.label_names));
    writer->add_hparams({{"lr", options.lr()},
                         {"gamma", options.gamma},
                         {"batch_size", options.batch_size()},
                         {"epochs", options.epochs()},
                         {"seed", options.seed}},
                        {{.name = "test/accuracy", .value = scores["accuracy"]},
                         {.name = "test/f1_macro", .value = scores["f1_macro"]}},
                        "final");
    writer->close();
  }
  if (options.output.empty()) return 0;
  const std::vector<ClassDistribution> classes{{"train", count_classes(parts.train.labels, 2)},
                                               {"validation", count_classes(parts.valid.labels, 2)},
                                               {"test", count_classes(parts.test.labels, 2)}};
  save_output(options.output, [&](const std::filesystem::path& folder) {
    save_pretrained(model, model.bert.config, Classifier<T>::kName, folder);
    chosen.tokenizer.save_pretrained(folder);
    write_metrics(folder / "metrics.json", report, options.label_names);
    save_pictures(folder / "pictures", report, classes, training.rates, shown, options.label_names);
  });
  std::cout << "\nmodel, metrics.json, log.jsonl and pictures/: " << options.output << '\n';
  return 0;
}

template int run<float>(const Options& options);
template int run<tempa::bfloat16>(const Options& options);
template int run<tempa::float16>(const Options& options);
