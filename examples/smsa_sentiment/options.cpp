#include "options.hpp"

#include "../common/command_line.hpp"

std::optional<int> parse_options(int argc, char** argv, Options& options) {
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
  add_regularisation_options(app, options);
  app.add_flag("--class-weights,!--no-class-weights", options.class_weights,
               "weigh classes so that each counts the same");
  app.add_option("--max-length", options.max_length, "tokens of a text, [CLS] and [SEP] included")
      ->capture_default_str()
      ->check(CLI::Range(3, 1 << 16));
  app.add_option("--seed", options.seed)->capture_default_str();
  add_from_scratch_options(app, options);
  add_machine_options(app, options);
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  if (!options.model.empty() && epochs->count() == 0) options.epochs = 0;
  return std::nullopt;
}
