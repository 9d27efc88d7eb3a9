// Command-line options shared by several examples; each binds them to fields of its struct, whose values are the
// defaults.
#pragma once

#include <CLI/CLI.hpp>

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>

/// The default of --epochs: `tempa::epochs_for`.
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

/// The size of training batches in tokens: `tokens_per_batch`.
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
  app.add_option("--threads", options.threads, "0: OMP_NUM_THREADS, else as many as affinity and CPU quota allow")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  app.add_option("--profile", options.profile, "write a Chrome trace to this file, and a table by operation to stderr");
}

/// For commands that use a model: `allow_new_weights`.
template <typename Options>
void add_new_weights_option(CLI::App& app, Options& options) {
  app.add_flag("--allow-new-weights", options.allow_new_weights,
               "use a model whose file lacks weights, such as a BERT without a head, with random ones in their place");
}

/// The options of a command with their values, given or by default: for
/// `tempa::CheckpointOptions::settings`, so that a training is not resumed with others. All of them, so that none can
/// be forgotten, except those `without` an influence on the training.
inline std::map<std::string, std::string> settings_of(const CLI::App& command, const std::set<std::string>& without) {
  const auto plain = [](const std::string& text) {  // 5e-4 and 0.0005 are the same
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool fraction = text.find_first_of(".eE") != std::string::npos;
    if (!fraction || error != std::errc() || end != text.data() + text.size()) return text;
    char shortest[32];
    return std::string(shortest, std::to_chars(shortest, shortest + sizeof shortest, value).ptr);
  };
  std::map<std::string, std::string> settings;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (option == command.get_help_ptr() || without.contains(name)) continue;
    std::string value;
    for (const std::string& result : option->reduced_results()) value += (value.empty() ? "" : ",") + plain(result);
    if (option->count() == 0) value = plain(option->get_default_str());
    settings[name] = value.empty() ? "by default" : value;
  }
  return settings;
}

/// @return the exit status if the program should end now (after help or a reported mistake), otherwise nothing.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  return std::nullopt;
}
