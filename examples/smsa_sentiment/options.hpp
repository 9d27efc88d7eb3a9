// The example's command line.
#pragma once

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
  std::string profile;
  std::int64_t epochs = 6;
  std::int64_t teachers = 2;
  std::int64_t batch_size = 32;
  std::int64_t tokens_per_batch = 0;
  double lr = 5e-4;
  double weight_decay = 0.01;
  double dropout = 0.3;
  double label_smoothing = 0.1;
  double piece_dropout = 0.2;
  double token_masking = 0.3;
  double taught_token_masking = 0.1;
  double average_decay = 0.998;
  bool class_weights = true;
  std::optional<std::int64_t> max_length;
  std::uint64_t seed = 42;
  std::int64_t layers = 2;
  std::int64_t hidden = 256;
  std::int64_t intermediate = 256;
  std::int64_t heads = 4;
  std::int64_t vocab_size = 8000;
  bool pieces = false;
  int threads = 0;
};

/// @return the exit status when the program is to end now (help, or a mistake that was told), nothing otherwise.
std::optional<int> parse_options(int argc, char** argv, Options& options);
