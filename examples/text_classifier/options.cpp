#include "options.hpp"

#include "../common/command_line.hpp"

#include <string>

namespace {

constexpr auto kFooter =
    R"(Tables: a file that ends with .csv has commas (semicolons or tabs where its first row shows them) and RFC 4180
quotes, any other, and standard input (-), tabs and no quotes; --delimiter and --quotes say otherwise. A .csv has a
header unless --no-header is given or its first row comes again below; any other has one when its first row has the
name of a column that is asked for, or such names as text and label. Columns go by name, or by number from 0; digits
are a name where the header has it. What is not said is guessed by usual names (text, sentence, review, tweet,
comment, content, …; label, sentiment, class, category, target, …; sentence1 with sentence2), else by what is left,
and told in a line; without a header the text is column 0 and the label column 1. The model remembers its columns by
name. Texts are UTF-8.)";

constexpr auto kAsInTraining = "as in training, else ";

/// @param first the defaults of the columns, before usual names are searched.
void add_table_options(CLI::App& app, Options& options, bool labels, const std::string& first) {
  const std::string group = "Tables";
  app.add_option("--text-column", options.text_column,
                 "default: " + first + "by usual names such as text, sentence, review")
      ->group(group);
  app.add_option("--text-pair-column", options.text_pair_column, "the second text, where a row is a pair")
      ->group(group);
  if (labels) {
    app.add_option("--label-column,--label-columns", options.label_columns,
                   "default: " + first +
                       "by usual names such as label, sentiment, class; several (a,b,c or repeated) for a class in "
                       "each, multi-label columns of 0 and 1, or several numbers to regress")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->group(group);
    app.add_option("--label-separator", options.label_separator, "multi-label in one column: what separates the labels")
        ->group(group);
    app.add_option("--task", options.task,
                   "single-label, multi-label, regression or label-columns (a class in each of several columns); auto: "
                   "multi-label with --label-separator or several columns of 0 and 1, label-columns for several "
                   "columns of words, single-label for words and whole numbers (a model's folder knows its own)")
        ->capture_default_str()
        ->check(CLI::IsMember({"auto", "single-label", "multi-label", "regression", "label-columns"}))
        ->group(group);
  }
  app.add_option("--delimiter", options.delimiter, "one character, or tab; other than tab means quotes")->group(group);
  const auto add_switch = [&](const std::string& name, std::optional<bool>& value, const std::string& text) {
    app.add_flag_callback(
           "--" + name, [&value] { value = true; }, text)
        ->group(group);
    app.add_flag_callback(
           "--no-" + name, [&value] { value = false; }, "the opposite")
        ->group(group);
  };
  add_switch("header", options.header, "the first row names the columns");
  add_switch("quotes", options.quotes, "fields may stand in double quotes");
  app.footer(kFooter);
}

void add_text_options(CLI::App& app, Options& options, const std::string& default_length) {
  app.add_option("--max-length", options.max_length,
                 "tokens of a row, [CLS] and [SEP] included; default: " + default_length)
      ->check(CLI::Range(3, 1 << 16));
  app.add_option("--truncation", options.truncation, "what is cut of a longer pair; default: longest_first")
      ->check(CLI::IsMember({"longest_first", "only_first", "only_second"}));
  app.add_option("--batch-size", options.batch_size)->capture_default_str()->check(CLI::PositiveNumber);
}

CLI::App* add_train(CLI::App& app, Options& options) {
  CLI::App* train = app.add_subcommand("train", "Train a classifier or a regression");
  train->add_option("--train", options.train, "table to learn from")->required();
  train->add_option("--valid", options.valid, "table by which the best epoch is chosen");
  train->add_option("--test", options.test, "table that the final model is scored on");
  train
      ->add_option("--split", options.split,
                   "without --valid: divide --train by chance into these shares, such as 0.9,0.1 or 0.8,0.1,0.1")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  train->add_option("--output", options.output, "write the model, its tokenizer and metrics.json to this folder");
  train->add_option("--model", options.model, "start from this Hugging Face folder; else from scratch");
  train->add_flag("--ignore-mismatched-sizes", options.ignore_mismatched_sizes,
                  "start weights of other shapes than the model's anew");
  train->add_flag("--keep-labels", options.keep_labels,
                  "keep the labels of --model that the table does not have; else they are dropped");
  add_table_options(*train, options, true, "");
  add_text_options(*train, options,
                   "128 from scratch, else model_max_length of the tokenizer, else what --model can do");
  train->add_option("--epochs", options.epochs, kEpochsHelp)->check(CLI::PositiveNumber);
  train->add_option("--lr", options.lr, "largest learning rate of AdamW; default: 2e-5 with --model, else 5e-4");
  train->add_option("--schedule", options.schedule)
      ->capture_default_str()
      ->check(CLI::IsMember({"linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "step"}));
  auto* ratio = train->add_option("--warmup", options.warmup,
                                  "share of the steps in which the rate rises; default: 0.1, with step 0");
  train->add_option("--warmup-steps", options.warmup_steps, "the same as a number of steps")->excludes(ratio);
  train
      ->add_option("--step-size", options.step_size,
                   "schedule step: epochs from fall to fall; default: a tenth of the epochs")
      ->check(CLI::PositiveNumber);
  train->add_option("--gamma", options.gamma, "schedule step: factor of each fall")->capture_default_str();
  train->add_option("--max-grad-norm", options.max_grad_norm, "0: no clipping")->capture_default_str();
  train->add_option("--accumulation", options.accumulation, "batches for one optimizer step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  train->add_option("--evaluate-every", options.evaluate_every, "epochs from validation to validation")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  train
      ->add_option("--patience", options.patience, "stop after so many validations without improvement; default: never")
      ->check(CLI::PositiveNumber);
  train->add_option("--metric", options.metric,
                    "the best model has the best validation by this: loss; accuracy, f1_macro, recall_macro, "
                    "precision_macro; also f1_micro … of multi-label, f1_macro_<column> of label-columns; mse, mae, "
                    "pearson, spearman of a regression. "
                    "Default: f1_macro, or mse");
  train
      ->add_option("--class-weights", options.class_weights,
                   "single-label: none, balanced (each class counts the same), or label=weight,… (others: 1)")
      ->capture_default_str();
  // What keeps a model from learning its training texts by heart.
  train->add_option("--weight-decay", options.weight_decay)->capture_default_str();
  train->add_option("--dropout", options.dropout, "in all of BERT's places (from scratch)")->capture_default_str();
  train->add_option("--label-smoothing", options.label_smoothing)->capture_default_str();
  train->add_option("--piece-dropout", options.piece_dropout, "probability of cutting a word otherwise in training")
      ->capture_default_str();
  train->add_option("--token-masking", options.token_masking, "share of the tokens that become [MASK] in training")
      ->capture_default_str();
  train->add_option("--average-decay", options.average_decay, "keep an exponential average of the weights; 0: none")
      ->capture_default_str();
  train->add_option("--seed", options.seed)->capture_default_str();
  auto* checkpoints = train->add_option("--checkpoints", options.checkpoints, "save checkpoints in this folder");
  train->add_option("--checkpoint-every", options.checkpoint_every, "steps between two; 0: one after each epoch")
      ->needs(checkpoints)
      ->check(CLI::NonNegativeNumber);
  train->add_flag("--resume", options.resume, "go on from the newest checkpoint, if there is one")->needs(checkpoints);
  train->add_flag("--accept-changes", options.accept_changes, "go on with other options too; they are told")
      ->needs("--resume");
  add_token_budget_option(*train, options);
  add_from_scratch_options(*train, options);
  add_machine_options(*train, options);
  return train;
}

CLI::App* add_evaluate(CLI::App& app, Options& options) {
  CLI::App* evaluate = app.add_subcommand("evaluate", "Score a model on a table with labels");
  evaluate->add_option("--model", options.model, "folder of the model")->required();
  add_new_weights_option(*evaluate, options);
  evaluate->add_option("--input", options.input, "table with labels, - for standard input")->required();
  evaluate->add_option("--output", options.output, "write the scores to this JSON file");
  add_table_options(*evaluate, options, true, kAsInTraining);
  add_text_options(*evaluate, options,
                   "as in training, else model_max_length of the tokenizer, else what the model can do");
  add_machine_options(*evaluate, options);
  return evaluate;
}

CLI::App* add_predict(CLI::App& app, Options& options) {
  CLI::App* predict =
      app.add_subcommand("predict",
                         "Write one JSON object for each row: text, label, probabilities (several labels: labels, "
                         "probabilities; regression: value). The table may be larger than memory");
  predict->add_option("--model", options.model, "folder of the model")->required();
  add_new_weights_option(*predict, options);
  predict->add_option("--input", options.input, "table of texts, - for standard input")->required();
  predict->add_option("--output", options.output,
                      "file of JSON lines, there when all are; default: -, standard output");
  predict->add_flag("--logits", options.logits, "the logits as well, so that they read back to the same bits");
  predict
      ->add_option("--window", options.window,
                   "rows that are read before the first is answered; 1 answers line by line")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_table_options(*predict, options, false, kAsInTraining);
  add_text_options(*predict, options,
                   "as in training, else model_max_length of the tokenizer, else what the model can do");
  add_machine_options(*predict, options);
  return predict;
}

}  // namespace

std::optional<int> parse_options(int argc, char** argv, Options& options) {
  CLI::App app{"Trains, evaluates and applies a text classifier on any CSV or TSV."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.require_subcommand(1);
  const CLI::App* train = add_train(app, options);
  const CLI::App* evaluate = add_evaluate(app, options);
  const CLI::App* predict = add_predict(app, options);
  if (const auto status = parse_command_line(app, argc, argv)) return status;
  options.command = predict->parsed()    ? Options::Command::kPredict
                    : evaluate->parsed() ? Options::Command::kEvaluate
                                         : Options::Command::kTrain;
  if (train->parsed())
    options.settings = settings_of(*train, {"--test", "--output", "--checkpoints", "--checkpoint-every", "--resume",
                                            "--accept-changes", "--threads", "--profile"});
  return std::nullopt;
}
