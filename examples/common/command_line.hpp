// Options that several examples have; each binds them to fields of its own struct, whose values are the defaults.
#pragma once

#include <CLI/CLI.hpp>

#include <optional>

/// What --epochs is without a number: `tempa::epochs_for`.
inline constexpr auto kEpochsHelp =
    "passes over the training table; default: as many as make 2000 optimizer steps, 10 to 100; with --model 500, 3 to "
    "20";

/// Sizes of a model that is not read from a folder: `layers`, `hidden`, `heads`, `vocab_size`.
template <typename Options>
void add_from_scratch_options(CLI::App& app, Options& options) {
  app.add_option("--layers", options.layers, "from scratch")->capture_default_str();
  app.add_option("--hidden", options.hidden, "from scratch; the feed-forward size is four times this")
      ->capture_default_str();
  app.add_option("--heads", options.heads, "from scratch")->capture_default_str();
  app.add_option("--vocab-size", options.vocab_size, "from scratch; learnt from the training texts")
      ->capture_default_str();
}

/// What keeps a model from learning its training texts by heart: `weight_decay`, `dropout`, `label_smoothing`,
/// `piece_dropout`, `token_masking`, `average_decay`.
template <typename Options>
void add_regularisation_options(CLI::App& app, Options& options) {
  app.add_option("--weight-decay", options.weight_decay)->capture_default_str();
  app.add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  app.add_option("--label-smoothing", options.label_smoothing)->capture_default_str();
  app.add_option("--piece-dropout", options.piece_dropout, "probability of cutting a word otherwise in training")
      ->capture_default_str();
  app.add_option("--token-masking", options.token_masking, "share of the tokens that become [MASK] in training")
      ->capture_default_str();
  app.add_option("--average-decay", options.average_decay, "keep an exponential average of the weights; 0: none")
      ->capture_default_str();
}

/// Training batches by their tokens: `tokens_per_batch`.
template <typename Options>
void add_token_budget_option(CLI::App& app, Options& options) {
  app.add_option("--tokens-per-batch", options.tokens_per_batch,
                 "train on as many rows at once as have at most these tokens, not --batch-size rows; 0: not so")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
}

/// What to compute on, and where the time goes: `device`, `precision`, `threads`, `profile`.
template <typename Options>
void add_machine_options(CLI::App& app, Options& options) {
  app.add_option("--device", options.device, "auto, cpu, cuda or cuda:i")->capture_default_str();
  app.add_option("--precision", options.precision, "fp32, bf16 or fp16")
      ->capture_default_str()
      ->check(CLI::IsMember({"fp32", "bf16", "fp16"}));
  app.add_option("--threads", options.threads, "0: all of the machine")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--profile", options.profile, "write a Chrome trace to this file, and a table by operation to stderr");
}

/// For what uses a model: `allow_new_weights`.
template <typename Options>
void add_new_weights_option(CLI::App& app, Options& options) {
  app.add_flag("--allow-new-weights", options.allow_new_weights,
               "use a model whose file lacks weights, such as a BERT without a head, with random ones in their place");
}

/// @return the exit status when the program is to end now (help, or a mistake that was told), nothing otherwise.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}
