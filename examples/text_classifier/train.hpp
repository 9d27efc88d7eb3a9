// `train`: from tables to a model folder.
#pragma once

#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/setup.hpp"
#include "evaluate.hpp"
#include "fit.hpp"
#include "label_columns.hpp"
#include "open_table.hpp"
#include "tables.hpp"
#include "task.hpp"

#include <tempa/core/random.hpp>
#include <tempa/data/augmented_texts.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/data/split.hpp>
#include <tempa/metrics/class_weights.hpp>
#include <tempa/train/detail/stop_signal.hpp>
#include <tempa/train/report.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The tables of a training; those that were not given are empty.
struct Tables {
  tempa::LabeledTexts train;
  std::optional<tempa::LabeledTexts> valid{}, test{};
};

inline void divide(Tables& tables, const Options& options) {
  const tempa::LabeledTexts all = std::move(tables.train);
  const auto parts = all.labels.empty() ? tempa::random_split_rows(all.size(), options.split, options.seed)
                                        : tempa::stratified_split_rows(all.labels, options.split, options.seed);
  check_parts(parts, all.size());
  tables.train = all.subset(parts[0]);
  tables.valid = all.subset(parts[1]);
  if (parts.size() > 2) tables.test = all.subset(parts[2]);
}

// The weights of --class-weights: "balanced", or label=weight,label=weight.
inline std::vector<double> class_weights_of(const Options& options, const Task& task,
                                            const tempa::LabeledTexts& table) {
  if (options.class_weights == "none") return {};
  if (task.problem != tempa::ProblemType::kSingleLabelClassification)
    throw tempa::ConfigError("--class-weights: only single-label has them");
  if (options.class_weights == "balanced")
    return tempa::balanced_class_weights(table.labels, static_cast<tempa::Index>(task.names.size()));
  std::vector<double> weights(task.names.size(), 1.0);
  for (const std::string& item : tempa::split_labels(options.class_weights, ",")) {
    const std::size_t equals = item.rfind('=');
    const auto label = tempa::LabelNames(task.names).find(item.substr(0, equals));
    const auto weight = equals == std::string::npos ? std::nullopt : tempa::parse_number(item.substr(equals + 1));
    if (!weight || *weight < 0)
      throw tempa::ConfigError("--class-weights: expected none, balanced or label=weight but got '" + item + "'");
    if (!label) throw tempa::ConfigError("--class-weights: there is no label '" + item.substr(0, equals) + "'");
    weights[static_cast<std::size_t>(*label)] = *weight;
  }
  return weights;
}

inline void print_data(const Tables& tables, const Task& task) {
  std::cout << "rows: " << tables.train.size() << " to train";
  if (tables.valid) std::cout << ", " << tables.valid->size() << " to validate";
  if (tables.test) std::cout << ", " << tables.test->size() << " to test";
  const bool regression = task.problem == tempa::ProblemType::kRegression;
  std::cout << "\ntask: "
            << (regression                                                      ? "regression"
                : task.problem == tempa::ProblemType::kMultiLabelClassification ? "multi-label"
                                                                                : "single-label")
            << ", " << task.names.size() << (regression ? " value(s): " : " labels: ");
  for (std::size_t k = 0; k < std::min<std::size_t>(task.names.size(), 20); ++k)
    std::cout << (k == 0 ? "" : ", ") << task.names[k];
  std::cout << (task.names.size() > 20 ? ", …\n" : "\n");
}

inline void check_options(const Options& options) {
  if (!options.split.empty() && !options.valid.empty())
    throw tempa::ConfigError("--split: expected no --valid beside it");
  if (options.split.size() == 1 || options.split.size() > 3)
    throw tempa::ConfigError(tempa::concat("--split: expected two or three shares but got ", options.split.size()));
  if (options.split.size() > 2 && !options.test.empty())
    throw tempa::ConfigError("--split: expected two shares or no --test beside it");
  if (options.valid.empty() && options.split.empty() && (options.patience || !options.metric.empty()))
    throw tempa::ConfigError("--patience and --metric: expected --valid or --split to choose by");
}

/// Trains, and keeps the best weights by the validation. @param valid nullptr: the last weights stay.
/// @param class_weights (K), or empty.
template <tempa::Floating T>
std::vector<tempa::EpochRecord> fit(Classifier<T>& bert, const tempa::LabeledTexts& table,
                                    const tempa::AnyTokenizer& tokenizer, const tempa::EncodeOptions& encoding,
                                    const Examples* valid, const std::vector<double>& class_weights,
                                    const Options& options) {
  const tempa::AugmentedTexts data(
      table, tokenizer, encoding, {.piece_drop_prob = options.piece_dropout, .token_mask_prob = options.token_masking});
  tempa::DataLoader loader(data, {.batch_size = options.batch_size,
                                  .shuffle = true,
                                  .seed = options.seed,
                                  .num_workers = 1,
                                  .tokens_per_batch = options.tokens_per_batch});
  bert.loss_options = {.class_weights = class_weights, .label_smoothing = options.label_smoothing};
  std::optional<tempa::DataLoader<Examples>> valid_loader;
  if (valid != nullptr) valid_loader.emplace(loader_of(*valid));
  return fit_network<T>(bert, loader, valid_loader ? &*valid_loader : nullptr, options);
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int run_train(const Options& options) {
  tempa::check_settings(checkpoints_of(options));
  check_options(options);
  check_output(options.output);
  const tempa::Device device = prepare_machine(options);
  tempa::manual_seed(options.seed);
  Settings settings = settings_of(options);
  std::optional<tempa::BertConfig> base;
  if (!options.model.empty())
    base = tempa::read_config<tempa::BertConfig>((std::filesystem::path(options.model) / "config.json").string());

  tempa::TextTable table = read_training_table(options, settings);
  if (has_label_columns(table, options, settings))
    return train_label_columns<T>(std::move(table), settings, device, options);
  const Task task = learn_task(table, options, settings, base ? &*base : nullptr);
  if (options.label_smoothing != 0 && task.problem != tempa::ProblemType::kSingleLabelClassification)
    throw tempa::ConfigError("--label-smoothing: only single-label has it");
  if (table.fields.size() > 1) order_fields(table, settings, task.names);
  if (!options.metric.empty()) tempa::metrics_of(task.problem).at(options.metric);
  Tables tables{.train = with_labels(std::move(table), task)};
  if (!options.split.empty()) divide(tables, options);
  if (!options.valid.empty()) tables.valid = with_labels(read_table(options.valid, options, settings), task);
  if (!options.test.empty()) tables.test = with_labels(read_table(options.test, options, settings), task);
  const std::vector<double> class_weights = class_weights_of(options, task, tables.train);
  print_data(tables, task);

  const tempa::AnyTokenizer tokenizer = tokenizer_of(tables.train, options);
  const std::int64_t longest = base ? base->max_position_embeddings : options.max_length.value_or(kLengthFromScratch);
  const tempa::EncodeOptions encoding = encoding_of(settings, options, tokenizer, longest, std::cout);
  settings.max_length = encoding.max_length;
  auto model =
      base ? Classifier<T>::from_pretrained(options.model, {.labels = task.learned,
                                                            .label_order = tempa::LabelOrder::kModel,
                                                            .keep_labels = options.keep_labels,
                                                            .problem_type = task.problem,
                                                            .ignore_mismatched_sizes = options.ignore_mismatched_sizes,
                                                            .check_finite = true,
                                                            .log = &std::cout})
           : Classifier<T>(config_from_scratch(options, longest, tokenizer.vocab_size(), task.names, task.problem));
  model.to(device);
  std::cout << "vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters, device: " << device << ", threads: " << tempa::num_threads() << '\n'
            << std::flush;

  std::optional<Examples> valid, test;
  if (tables.valid) valid = tempa::encode_texts(*tables.valid, tokenizer, encoding);
  if (tables.test) test = tempa::encode_texts(*tables.test, tokenizer, encoding);
  tempa::RunReport report;
  const tempa::StopSignal stop;
  report.train = fit(model, tables.train, tokenizer, encoding, valid ? &*valid : nullptr, class_weights, options);
  if (tempa::StopSignal::requested()) {
    std::cout << "\nstopped by a signal" << (options.checkpoints.empty() ? "\n" : "; --resume goes on\n");
    return tempa::StopSignal::exit_status();
  }
  if (valid) report.valid = evaluate_examples(model, *valid);
  if (test) report.test = evaluate_examples(model, *test);
  if (report.valid) std::cout << "\nVALID " << report.valid->scores.line() << '\n';
  if (report.test)
    std::cout << "\nTEST  " << report.test->scores.line() << "\n\n"
              << tempa::evaluation_report(*report.test, task.names);

  if (report.valid) warn_of_one_answer("VALID", *report.valid, task.names, options.class_weights == "none");
  if (report.test) warn_of_one_answer("TEST", *report.test, task.names, options.class_weights == "none");

  save_output(options.output, [&](const std::filesystem::path& folder) {
    model.save_pretrained(folder);
    tokenizer.save_pretrained(folder);
    write_settings(settings, folder);
    tempa::write_metrics(folder / "metrics.json", report, task.names);
  });
  if (!options.output.empty()) std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  return 0;
}
