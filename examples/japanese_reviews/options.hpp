// The example's command line.
#pragma once

#include "../common/command_line.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

/// Where a default depends on whether a model's folder is given, there is a function for it.
struct Options {
  std::string data;
  std::string text_column = "text";
  std::string label_column = "label";
  std::vector<std::string> label_names{"0", "1"};
  bool stratified = false;
  std::string words = "auto";
  std::string model;
  std::string output;
  std::string tensorboard;
  bool resume = false, accept_changes = false;
  std::map<std::string, std::string> settings;  // of the training, by option; see settings_of
  std::string device = "auto";
  std::string precision = "fp32";
  std::string profile;
  int threads = 0;

  std::optional<std::int64_t> given_epochs, given_batch_size, max_length;
  std::optional<double> given_lr, given_piece_dropout, given_token_masking;
  double gamma = 0.75;
  double weight_decay = 0.01;
  double dropout = 0.1;
  double head_dropout = 0.2;
  std::uint64_t seed = 42;
  std::int64_t layers = 2;
  std::int64_t hidden = 256;
  std::int64_t heads = 4;
  std::int64_t vocab_size = 3000;

  // From scratch: chosen by the validation accuracy on the sample. A pretrained model needs gentler steps.
  std::int64_t epochs() const { return given_epochs.value_or(model.empty() ? 15 : 4); }
  std::int64_t batch_size() const { return given_batch_size.value_or(model.empty() ? 8 : 16); }
  double lr() const { return given_lr.value_or(model.empty() ? 5e-4 : 1e-5); }
  double piece_dropout() const { return given_piece_dropout.value_or(model.empty() ? 0.3 : 0.0); }
  double token_masking() const { return given_token_masking.value_or(model.empty() ? 0.1 : 0.0); }
};

/// @return the exit status if the program should end now (after help or a reported mistake), otherwise nothing.
inline std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains and evaluates a classifier of Japanese texts with labels 0 and 1: BERT with a head of its own."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("--data", options.data, "CSV with a header; RFC 4180 quotes, UTF-8")->required();
  app.add_option("--text-column", options.text_column, "name of the column")->capture_default_str();
  app.add_option("--label-column", options.label_column, "name of the column of 0 and 1")->capture_default_str();
  app.add_option("--label-names", options.label_names, "what 0 and 1 are called in reports: negative,positive")
      ->delimiter(',')
      ->expected(2);
  app.add_flag("--stratified", options.stratified, "divide 8:1:1 within each class, not only by chance");
  app.add_option("--model", options.model, "start from this model folder (its tokenizer too); else from scratch");
  app.add_option("--words", options.words,
                 "from scratch: mecab (words, then pieces of them), characters, or auto: mecab where it is there")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "mecab", "characters"}));
  app.add_option("--output", options.output,
                 "folder for the model, its tokenizer, metrics.json, log.jsonl, pictures and checkpoints/");
  app.add_flag("--resume", options.resume, "go on from the newest checkpoint of --output");
  app.add_flag("--accept-changes", options.accept_changes, "go on with other options too; they are told")
      ->needs("--resume");
  app.add_option("--tensorboard", options.tensorboard, "write event files to this folder");
  app.add_option("--epochs", options.given_epochs,
                 "default: 15 from scratch, 4 with --model; 0 only evaluates a --model that this program wrote")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--batch-size", options.given_batch_size, "default: 8 from scratch, 16 with --model")
      ->check(CLI::Range(2, 1 << 20));
  app.add_option("--lr", options.given_lr, "AdamW's in the first epoch; default: 5e-4 from scratch, 1e-5 with --model");
  app.add_option("--gamma", options.gamma, "factor of the learning rate after each epoch")->capture_default_str();
  app.add_option("--weight-decay", options.weight_decay)->capture_default_str();
  app.add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  app.add_option("--head-dropout", options.head_dropout)->capture_default_str();
  app.add_option("--piece-dropout", options.given_piece_dropout,
                 "probability of cutting a word otherwise in training; default: 0.3 from scratch, 0 with --model");
  app.add_option("--token-masking", options.given_token_masking,
                 "share of the tokens that become [MASK] in training; default: 0.1 from scratch, 0 with --model");
  app.add_option("--max-length", options.max_length,
                 "tokens of a text, [CLS] and [SEP] included; default: 128 from scratch, else model_max_length of the "
                 "tokenizer")
      ->check(CLI::Range(3, 1 << 16));
  app.add_option("--seed", options.seed, "of the split, the weights, the order and dropout")->capture_default_str();
  add_from_scratch_options(app, options);
  add_machine_options(app, options);
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  options.settings =
      settings_of(app, {"--output", "--resume", "--accept-changes", "--tensorboard", "--threads", "--profile"});
  return std::nullopt;
}
