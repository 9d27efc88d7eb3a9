// The example's command line.
#pragma once

#include "../common/command_line.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Defaults are those of a training from scratch, chosen on SmSA's validation file; `parse_options` has those of a
/// checkpoint.
struct Options {
  std::string data;
  std::string model;
  std::string output;
  std::string device = "auto";
  std::string precision = "fp32";
  std::string profile;
  std::int64_t epochs = 7;
  std::int64_t patience = 3;
  std::int64_t batch_size = 32;
  std::int64_t tokens_per_batch = 0;
  double lr = 5e-4;
  double gamma = 0.6;
  double dropout = 0.3;
  double label_smoothing = 0.1;
  double token_masking = 0.3;
  double average_decay = 0.998;
  bool class_weights = true;
  std::optional<std::int64_t> max_length;
  std::uint64_t seed = 42;
  std::int64_t layers = 2;
  std::int64_t hidden = 256;
  std::int64_t intermediate = 256;
  std::int64_t heads = 4;
  std::int64_t vocab_size = 8000;
  std::int64_t teachers = 0;
  int threads = 0;
};

/// @return the exit status when the program is to end now (help, or a mistake that was told), nothing otherwise.
inline std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains and evaluates a sentiment classifier on SmSA (positive, neutral, negative)."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", options.data, "folder with train_, valid_ and test_preprocess.tsv")
      ->envname("TEMPA_SMSA_DIR")
      ->required();
  app.add_option("--model", options.model,
                 "fine-tune this model folder; without it, a small BERT is trained from scratch");
  app.add_option("--output", options.output, "write the model, its tokenizer and metrics.json to this folder");
  auto* epochs = app.add_option("--epochs", options.epochs,
                                "passes over the training file at most, 5 with --model; 0: only evaluate")
                     ->capture_default_str();
  app.add_option("--patience", options.patience, "epochs without a better validation F1 that are waited for")
      ->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str()->check(CLI::PositiveNumber);
  add_token_budget_option(app, options);
  auto* lr = app.add_option("--lr", options.lr, "learning rate of Adam, 2e-5 with --model")->capture_default_str();
  auto* gamma =
      app.add_option("--gamma", options.gamma, "factor on the learning rate after each epoch, 0.9 with --model")
          ->capture_default_str();
  app.add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  auto* smoothing =
      app.add_option("--label-smoothing", options.label_smoothing, "0 with --model")->capture_default_str();
  auto* masking = app.add_option("--token-masking", options.token_masking,
                                 "share of the tokens that become [MASK] in training, 0 with --model")
                      ->capture_default_str();
  auto* decay = app.add_option("--average-decay", options.average_decay,
                               "keep an exponential average of the weights, 0 with --model; 0: none")
                    ->capture_default_str();
  app.add_flag("--class-weights,!--no-class-weights", options.class_weights,
               "weigh classes so that each counts the same");
  app.add_option("--max-length", options.max_length,
                 "tokens of a text, [CLS] and [SEP] included; default: 128 from scratch, else model_max_length of the "
                 "tokenizer")
      ->check(CLI::Range(3, 1 << 16));
  app.add_option("--seed", options.seed)->capture_default_str();
  add_from_scratch_options(app, options);
  app.add_option("--intermediate", options.intermediate, "feed-forward size, from scratch")->capture_default_str();
  app.add_option("--teachers", options.teachers,
                 "train so many BERTs of one layer and a logistic regression first, and let them label texts for the "
                 "model, see teachers/; 0: the training file alone")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_machine_options(app, options);
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  if (options.teachers > 0 && epochs->count() == 0) options.epochs = 6;
  if (!options.model.empty()) {
    if (epochs->count() == 0) options.epochs = 5;
    if (lr->count() == 0) options.lr = 2e-5;
    if (gamma->count() == 0) options.gamma = 0.9;
    if (smoothing->count() == 0) options.label_smoothing = 0;
    if (masking->count() == 0) options.token_masking = 0;
    if (decay->count() == 0) options.average_decay = 0;
  }
  return std::nullopt;
}
