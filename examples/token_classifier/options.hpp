// The example's command line.
#pragma once

#include "../common/command_line.hpp"

#include <tempa/data/detail/word_pieces.hpp>
#include <tempa/metrics/entities.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

/// The options; each command reads its part.
struct Options {
  enum class Command { kTrain, kEvaluate, kPredict } command = Command::kTrain;

  std::string train, valid, test, input, output;
  std::string model;
  bool ignore_mismatched_sizes = false;
  bool keep_labels = false;
  bool allow_new_weights = false;
  bool cased = false;
  std::int64_t layers = 2;
  std::int64_t hidden = 128;
  std::int64_t heads = 2;
  std::int64_t vocab_size = 8000;
  std::optional<std::int64_t> max_length;
  tempa::Overflow overflow = tempa::Overflow::kSplit;
  bool label_all_pieces = false;
  tempa::TaggingScheme scheme = tempa::TaggingScheme::kConlleval;

  std::optional<std::int64_t> epochs;
  std::int64_t batch_size = 16;
  std::int64_t tokens_per_batch = 0;
  std::optional<double> lr;
  double weight_decay = 0.01;
  double dropout = 0.1;
  double label_smoothing = 0.0;
  double word_masking = 0.0;
  std::string metric;
  std::uint64_t seed = 42;

  std::string device = "auto";
  std::string precision = "fp32";
  std::string profile;
  int threads = 0;
};

namespace detail {

inline void add_common_options(CLI::App& app, Options& options) {
  using tempa::Overflow;
  app.add_option(
         "--max-length", options.max_length,
         "tokens of an example, [CLS] and [SEP] included; default: 128 from scratch, else model_max_length of the "
         "tokenizer, else what the model can do")
      ->check(CLI::Range(3, 1 << 16));
  app.add_option(
         "--overflow", options.overflow,
         "a longer sentence is: split between words (default), truncated, or cut with its [SEP] as IndoNLU does")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Overflow>{
          {"split", Overflow::kSplit}, {"truncate", Overflow::kTruncate}, {"indonlu", Overflow::kIndonlu}}));
  app.add_option("--batch-size", options.batch_size)->capture_default_str()->check(CLI::PositiveNumber);
  add_machine_options(app, options);
}

inline void add_scheme_option(CLI::App& app, Options& options) {
  using tempa::TaggingScheme;
  app.add_option("--scheme", options.scheme,
                 "how entities are scored: conlleval (default, lenient), or strictly as IOB1, IOB2, IOE1, IOE2, IOBES "
                 "or BILOU")
      ->transform(CLI::CheckedTransformer(std::map<std::string, TaggingScheme>{{"conlleval", TaggingScheme::kConlleval},
                                                                               {"IOB1", TaggingScheme::kIob1},
                                                                               {"IOB2", TaggingScheme::kIob2},
                                                                               {"IOE1", TaggingScheme::kIoe1},
                                                                               {"IOE2", TaggingScheme::kIoe2},
                                                                               {"IOBES", TaggingScheme::kIobes},
                                                                               {"BILOU", TaggingScheme::kBilou}}));
}

inline void add_train(CLI::App& app, Options& options) {
  CLI::App* train = app.add_subcommand("train", "Train a tagger");
  train->add_option("--train", options.train, "file to learn from")->required();
  train->add_option("--valid", options.valid, "file by which the best epoch is chosen");
  train->add_option("--test", options.test, "file that the final model is scored on");
  train->add_option("--output", options.output, "write the model, its tokenizer and metrics.json to this folder");
  train->add_option("--model", options.model, "start from this Hugging Face folder; else from scratch");
  train->add_flag("--ignore-mismatched-sizes", options.ignore_mismatched_sizes,
                  "start weights of other shapes than the model's anew");
  train->add_flag("--keep-labels", options.keep_labels,
                  "keep the tags of --model that the file does not have; else they are dropped");
  train->add_option("--epochs", options.epochs, kEpochsHelp)->check(CLI::PositiveNumber);
  train->add_option("--lr", options.lr, "largest learning rate of AdamW; default: 2e-5 with --model, else 5e-4");
  train->add_option("--weight-decay", options.weight_decay)->capture_default_str();
  train->add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  train->add_option("--label-smoothing", options.label_smoothing)->capture_default_str();
  train->add_option("--word-masking", options.word_masking, "share of the words that become [MASK] in training")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1.0));
  train->add_option("--metric", options.metric,
                    "the best model has the best validation by this: of entities loss, accuracy, f1_micro (default), "
                    "f1_macro, recall_micro, precision_micro; of other tags loss, accuracy, f1_macro (default), "
                    "recall_macro, precision_macro");
  train->add_flag("--label-all-pieces", options.label_all_pieces, "learn from every piece of a word, not the first");
  train->add_flag("--cased", options.cased, "keep upper case and accents (from scratch)");
  train->add_option("--seed", options.seed)->capture_default_str();
  add_token_budget_option(*train, options);
  add_from_scratch_options(*train, options);
  add_scheme_option(*train, options);
  add_common_options(*train, options);
}

}  // namespace detail

/// @return the exit status if the program should end now (after help or a reported mistake), otherwise nothing.
inline std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains, evaluates and applies a tagger of words: named entities, parts of speech."};
  app.footer(
      "Files: UTF-8, a word, a tab and its tag on each line, an empty line between sentences. predict also reads "
      "words\n"
      "alone. Where tags are like B-PER, I-PER and O, entities are scored as seqeval does, else words.");
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.require_subcommand(1);
  detail::add_train(app, options);
  CLI::App* evaluate = app.add_subcommand("evaluate", "Score a model on a file with tags");
  CLI::App* predict = app.add_subcommand("predict", "Tag the words of a file");
  for (CLI::App* command : {evaluate, predict}) {
    command->add_option("--model", options.model, "folder of the model")->required();
    command->add_option("--input", options.input, "file, - for standard input")->required();
    add_new_weights_option(*command, options);
    detail::add_common_options(*command, options);
  }
  detail::add_scheme_option(*evaluate, options);
  evaluate->add_option("--output", options.output, "write the scores to this JSON file");
  predict->add_option("--output", options.output, "file, - for standard output; default: -");
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  options.command = predict->parsed()    ? Options::Command::kPredict
                    : evaluate->parsed() ? Options::Command::kEvaluate
                                         : Options::Command::kTrain;
  return std::nullopt;
}
