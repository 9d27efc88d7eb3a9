// The example's command line.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// The options; each command reads its part.
struct Options {
  enum class Command { kTrain, kEvaluate, kPredict } command = Command::kTrain;

  // Tables.
  std::string train, valid, test, input, output;
  std::vector<double> split;
  std::optional<std::string> text_column, text_pair_column;
  std::vector<std::string> label_columns;
  std::string task = "auto";
  std::optional<std::string> label_separator;
  std::optional<std::string> delimiter;
  std::optional<bool> header, quotes;

  // Model.
  std::string model;
  bool ignore_mismatched_sizes = false;
  bool keep_labels = false;
  bool allow_new_weights = false;
  std::int64_t layers = 2;
  std::int64_t hidden = 128;
  std::int64_t heads = 2;
  std::int64_t vocab_size = 8000;
  std::optional<std::int64_t> max_length;
  std::optional<std::string> truncation;

  // Training.
  std::optional<std::int64_t> epochs;
  std::int64_t batch_size = 32;
  std::int64_t tokens_per_batch = 0;
  std::optional<double> lr;
  double weight_decay = 0.01;
  std::string schedule = "linear";
  std::optional<double> warmup;
  std::int64_t warmup_steps = 0;
  std::optional<std::int64_t> step_size;
  double gamma = 0.9;
  double max_grad_norm = 1.0;
  std::int64_t accumulation = 1;
  std::int64_t evaluate_every = 1;
  std::optional<std::int64_t> patience;
  std::string metric;
  std::string class_weights = "none";
  double dropout = 0.1;
  double label_smoothing = 0.0;
  double piece_dropout = 0.0;
  double token_masking = 0.0;
  double average_decay = 0.0;
  std::uint64_t seed = 42;
  std::string checkpoints;
  std::int64_t checkpoint_every = 0;
  bool resume = false, accept_changes = false;
  std::map<std::string, std::string> settings;  // of the training, by option; see settings_of

  // Prediction.
  bool logits = false;
  std::int64_t window = 2048;

  // Machine.
  std::string device = "auto";
  std::string precision = "fp32";
  std::string profile;
  int threads = 0;
};

/// @return the exit status if the program should end now (after help or a reported mistake), otherwise nothing.
std::optional<int> parse_options(int argc, char** argv, Options& options);
