// The example's command line.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// Defaults are the configuration that was chosen on SmSA's validation file (see the README).
struct Options {
  std::string data;
  std::string model;
  std::string output;
  std::string device = "auto";
  std::string precision = "fp32";
  std::int64_t epochs = 10;
  std::int64_t batch_size = 32;
  double lr = 1e-3;
  double weight_decay = 0.01;
  double dropout = 0.3;
  double label_smoothing = 0.1;
  double piece_dropout = 0.2;
  double token_masking = 0.3;
  double average_decay = 0.998;
  bool class_weights = true;
  std::int64_t max_length = 128;
  std::uint64_t seed = 42;
  std::int64_t layers = 2;
  std::int64_t hidden = 128;
  std::int64_t heads = 2;
  std::int64_t vocab_size = 8000;
  int threads = 0;
};

/// @return the exit status when the program is to end now (help, or a mistake that was told), nothing otherwise.
inline std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains and evaluates a sentiment classifier on SmSA (positive, neutral, negative)."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", options.data, "folder with train_, valid_ and test_preprocess.tsv")
      ->envname("TEMPA_SMSA_DIR")
      ->required();
  app.add_option("--model", options.model, "start from this model folder; without --epochs it is only evaluated");
  app.add_option("--output", options.output, "write the model, its tokenizer and metrics.json to this folder");
  auto* epochs = app.add_option("--epochs", options.epochs, "passes over the training file; 0 only evaluates")
                     ->capture_default_str();
  app.add_option("--batch-size", options.batch_size)->capture_default_str()->check(CLI::PositiveNumber);
  app.add_option("--lr", options.lr, "largest learning rate of AdamW")->capture_default_str();
  app.add_option("--weight-decay", options.weight_decay)->capture_default_str();
  app.add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  app.add_option("--label-smoothing", options.label_smoothing)->capture_default_str();
  app.add_option("--piece-dropout", options.piece_dropout, "probability of cutting a word otherwise in training")
      ->capture_default_str();
  app.add_option("--token-masking", options.token_masking, "share of the tokens that become [MASK] in training")
      ->capture_default_str();
  app.add_option("--average-decay", options.average_decay, "keep an exponential average of the weights; 0: none")
      ->capture_default_str();
  app.add_flag("--class-weights,!--no-class-weights", options.class_weights,
               "weigh classes so that each counts the same");
  app.add_option("--max-length", options.max_length, "tokens of a text, [CLS] and [SEP] included")
      ->capture_default_str()
      ->check(CLI::Range(3, 1 << 16));
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--layers", options.layers, "from scratch")->capture_default_str();
  app.add_option("--hidden", options.hidden, "from scratch; the feed-forward size is four times this")
      ->capture_default_str();
  app.add_option("--heads", options.heads, "from scratch")->capture_default_str();
  app.add_option("--vocab-size", options.vocab_size, "from scratch; learnt from the training texts")
      ->capture_default_str();
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:i")->capture_default_str();
  app.add_option("--precision", options.precision, "fp32, bf16 or fp16")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16", "fp16"}));
  app.add_option("--threads", options.threads, "0: all of the machine")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (!options.model.empty() && epochs->count() == 0) options.epochs = 0;
  return std::nullopt;
}
