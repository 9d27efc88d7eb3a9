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
  auto* teachers = app.add_option("--teachers", options.teachers,
                                  "train so many BERTs of one layer and a logistic regression first, and let them "
                                  "label texts for the model; 0: the training file alone")
                       ->capture_default_str()
                       ->check(CLI::NonNegativeNumber);
  app.add_option("--batch-size", options.batch_size)->capture_default_str()->check(CLI::PositiveNumber);
  add_token_budget_option(app, options);
  app.add_option("--lr", options.lr, "largest learning rate of AdamW")->capture_default_str();
  add_regularisation_options(app, options);
  app.add_option("--taught-token-masking", options.taught_token_masking, "--token-masking of what the teachers label")
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
  app.add_flag("--pieces,!--no-pieces", options.pieces,
               "a vocabulary of pieces of words instead of whole words, from scratch");
  add_machine_options(app, options);
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  if (!options.model.empty() && epochs->count() == 0) options.epochs = 0;
  if (!options.model.empty() && teachers->count() == 0) options.teachers = 0;
  return std::nullopt;
}
