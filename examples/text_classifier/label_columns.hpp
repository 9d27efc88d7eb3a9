// The task label-columns: a class in each of several columns, such as the aspects of a review.
#pragma once

#include "../common/inference.hpp"
#include "../common/one_answer.hpp"
#include "../common/output_folder.hpp"
#include "../common/setup.hpp"
#include "fit.hpp"
#include "open_table.hpp"
#include "prediction_output.hpp"
#include "tables.hpp"
#include "task.hpp"

#include <tempa/core/random.hpp>
#include <tempa/data/data_loader.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/data/split.hpp>
#include <tempa/metrics/report.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/shape.hpp>
#include <tempa/text/auto_tokenizer.hpp>
#include <tempa/train/detail/stop_signal.hpp>
#include <tempa/train/evaluation.hpp>
#include <tempa/train/predict.hpp>
#include <tempa/train/report.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

template <tempa::Floating T>
using ColumnsClassifier = tempa::BertForLabelColumnsClassification<T>;

/// Whether a training table is of this task: if requested, or if it has several columns, not all of numbers.
inline bool has_label_columns(const tempa::TextTable& table, const Options& options, const Settings& settings) {
  if (options.task != "auto") return options.task == "label-columns";
  return !settings.label_separator && table.fields.size() > 1 &&
         !all_fields(table, [](const std::string& field) { return tempa::parse_number(field).has_value(); });
}
/// Whether a model's folder was trained for it. @throws FormatError for a broken config.json.
inline bool has_label_columns(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "config.json";
  if (!std::filesystem::exists(path)) return false;
  const auto architectures = tempa::read_config<tempa::BertConfig>(path.string()).architectures;
  if (architectures.size() != 1) return false;
  // The second is IndoNLU's name, which tempa wrote at first.
  return architectures[0] == ColumnsClassifier<float>::kName || architectures[0] == "BertForMultiLabelClassification";
}

using ColumnsLoader = tempa::DataLoader<tempa::LabelColumnsDataset, tempa::LabelColumnsCollate>;

inline ColumnsLoader loader_of(const tempa::LabelColumnsDataset& data) {
  return ColumnsLoader(data, {.batch_size = 64, .group_by_length = true});
}

/// Scores, and a report of each column; warns of one that has the same class in every row. @return metrics.json's part.
template <tempa::Floating T>
nlohmann::json score_columns(const std::string& title, const std::string& name, ColumnsClassifier<T>& model,
                             const tempa::LabelColumnsDataset& data, bool report) {
  auto loader = loader_of(data);
  const tempa::Evaluation evaluation = tempa::evaluate(model, loader);
  std::cout << title << evaluation.scores.line() << '\n';
  for (std::size_t a = 0; a < data.columns().size(); ++a) {
    const tempa::LabelColumn& column = data.columns()[a];
    tempa::ConfusionMatrix confusion(static_cast<tempa::Index>(column.labels.size()));
    for (std::size_t i = a; i < evaluation.labels.size(); i += data.columns().size())
      confusion.add(std::span(&evaluation.labels[i], 1), std::span(&evaluation.predictions[i], 1));
    if (report)
      std::cout << '\n'
                << column.name << '\n'
                << tempa::classification_report(confusion, {.names = column.labels, .digits = 4});
    if (const auto label = tempa::sole_prediction(confusion))
      warn_of_one_answer(name + ", column " + column.name, '"' + column.labels[static_cast<std::size_t>(*label)] + '"',
                         false);
  }
  return tempa::evaluation_json(evaluation, model.config().id2label);
}

inline std::vector<std::string> names_of(const std::vector<tempa::LabelColumn>& columns) {
  std::vector<std::string> names;
  for (const tempa::LabelColumn& column : columns) names.push_back(column.name);
  return names;
}

inline tempa::TextTable subset_of(const tempa::TextTable& table, const std::vector<tempa::Index>& rows) {
  tempa::TextTable part{.rows = table.rows.subset(rows), .label_names = table.label_names, .fields = {}};
  for (const auto& column : table.fields) {
    part.fields.emplace_back();
    for (const tempa::Index row : rows) part.fields.back().push_back(column[static_cast<std::size_t>(row)]);
  }
  return part;
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int train_label_columns(tempa::TextTable&& table, Settings settings, const tempa::Device& device,
                        const Options& options) {
  if (options.class_weights != "none" || options.label_smoothing != 0 || options.piece_dropout != 0 ||
      options.token_masking != 0)
    throw tempa::ConfigError(
        "--task label-columns: has no --class-weights, --label-smoothing, --piece-dropout and --token-masking");
  const bool scratch = options.model.empty();
  std::vector<tempa::LabelColumn> learned;
  for (std::size_t a = 0; a < table.fields.size(); ++a)
    learned.push_back({.name = table.label_names[a], .labels = learn_classes(table, a)});
  std::vector<std::string> names = tempa::flat_labels(learned);
  tempa::BertConfig base;
  if (!scratch) {  // what the model knows, in its order
    base = tempa::read_config<tempa::BertConfig>((std::filesystem::path(options.model) / "config.json").string());
    names = ColumnsClassifier<T>::label_heads(base.id2label, names,
                                              {.order = tempa::LabelOrder::kModel, .keep = options.keep_labels})
                .labels;
  }
  const std::vector<tempa::LabelColumn> columns = tempa::label_columns_of(names);
  order_fields(table, settings, names_of(columns));
  std::optional<tempa::TextTable> valid, test;
  if (!options.split.empty()) {
    const tempa::Index rows = table.rows.size();
    const auto parts = tempa::random_split_rows(rows, options.split, options.seed);
    check_parts(parts, rows);
    if (parts.size() > 2) test = subset_of(table, parts[2]);
    valid = subset_of(table, parts[1]);
    table = subset_of(table, parts[0]);
  }
  if (!options.valid.empty()) valid = read_table(options.valid, options, settings);
  if (!options.test.empty()) test = read_table(options.test, options, settings);
  std::cout << "rows: " << table.rows.size() << " to train\ntask: label-columns:";
  for (const tempa::LabelColumn& column : columns)
    std::cout << ' ' << column.name << " (" << column.labels.size() << ')';
  std::cout << '\n';

  const tempa::AnyTokenizer tokenizer = tokenizer_of(table.rows, options);
  const std::int64_t longest = scratch ? options.max_length.value_or(kLengthFromScratch) : base.max_position_embeddings;
  const tempa::EncodeOptions encoding = encoding_of(settings, options, tokenizer, longest, std::cout);
  settings.max_length = encoding.max_length;
  auto model = scratch
                   ? ColumnsClassifier<T>(config_from_scratch(options, longest, tokenizer.vocab_size(), names,
                                                              tempa::ProblemType::kSingleLabelClassification))
                   : ColumnsClassifier<T>::from_pretrained(options.model, learned,
                                                           {.label_order = tempa::LabelOrder::kModel,
                                                            .keep_labels = options.keep_labels,
                                                            .ignore_mismatched_sizes = options.ignore_mismatched_sizes,
                                                            .check_finite = true,
                                                            .log = &std::cout});
  model.to(device);
  std::cout << "vocabulary: " << tokenizer.vocab_size() << " tokens, model: " << model.parameter_count()
            << " parameters\n"
            << std::flush;

  const tempa::LabelColumnsDataset data(table, columns, tokenizer, encoding);
  std::optional<tempa::LabelColumnsDataset> valid_data, test_data;
  if (valid) valid_data.emplace(*valid, columns, tokenizer, encoding);
  if (test) test_data.emplace(*test, columns, tokenizer, encoding);
  ColumnsLoader loader(data, {.batch_size = options.batch_size,
                              .shuffle = true,
                              .seed = options.seed,
                              .tokens_per_batch = options.tokens_per_batch});
  std::optional<ColumnsLoader> valid_loader;
  if (valid_data) valid_loader.emplace(loader_of(*valid_data));
  const tempa::StopSignal stop;
  nlohmann::json metrics{{"train", nlohmann::json::array()}};
  for (const auto& record : fit_network<T>(model, loader, valid_loader ? &*valid_loader : nullptr, options))
    metrics["train"].push_back(tempa::epoch_json(record));
  if (tempa::StopSignal::requested()) {
    std::cout << "\nstopped by a signal" << (options.checkpoints.empty() ? "\n" : "; --resume goes on\n");
    return tempa::StopSignal::exit_status();
  }
  if (valid_data) metrics["valid"] = score_columns("\nVALID ", "VALID", model, *valid_data, false);
  if (test_data) metrics["test"] = score_columns("\nTEST  ", "TEST", model, *test_data, true);
  save_output(options.output, [&](const std::filesystem::path& folder) {
    model.save_pretrained(folder);
    tokenizer.save_pretrained(folder);
    write_settings(settings, folder);
    tempa::write_json((folder / "metrics.json").string(), metrics);
  });
  if (!options.output.empty()) std::cout << "\nmodel and metrics.json: " << options.output << '\n';
  return 0;
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int evaluate_label_columns(const Options& options) {
  const tempa::Device device = prepare_machine(options);
  Settings settings = settings_of(options, options.model);
  const auto tokenizer = tempa::AutoTokenizer::from_pretrained(options.model);
  auto model = load_for_inference<ColumnsClassifier<T>>(options.model, device, options.allow_new_weights);
  settings.label_columns = spelt_as(settings.label_columns, names_of(model.label_columns));  // all, in its order
  const tempa::LabelColumnsDataset data(
      read_table(options.input, options, settings, std::cerr), model.label_columns, tokenizer,
      encoding_of(settings, options, tokenizer, model.config().max_position_embeddings, std::cerr));
  const nlohmann::json metrics = score_columns("", options.input, model, data, true);
  std::cout << std::flush;  // before a file that may be /dev/stdout
  if (!options.output.empty()) tempa::write_json(options.output, metrics);
  return 0;
}

/// The logits of all columns side by side, as one classifier of all their classes.
template <tempa::Floating T>
struct FlatLogits {
  struct Output {
    tempa::Variable<tempa::Accumulator<T>> loss;  // ()
    tempa::Variable<T> logits;                    // (B,K)
  };
  ColumnsClassifier<T>& model;

  Output operator()(const tempa::Batch& batch) const {
    auto output = model(batch);
    return {output.loss, tempa::cat(std::move(output.logits), 1)};
  }
  void visit(auto&& f) { model.visit(f); }
};

/// {"text":…,"labels":{"fuel":"positive",…},"probabilities":{"fuel":{"negative":…,…},…}}
/// @param logits (K) of all columns.
inline std::string json_line(const tempa::LabeledTexts& rows, std::size_t row,
                             const std::vector<tempa::LabelColumn>& columns, std::span<const float> logits,
                             bool with_logits) {
  std::string line = "{", labels = "{", probabilities = "{", values;
  append_key(line, "text");
  tempa::append_json(line, rows.texts[row]);
  if (!rows.pairs.empty()) {
    append_key(line, "text_pair");
    tempa::append_json(line, rows.pairs[row]);
  }
  for (const tempa::LabelColumn& column : columns) {
    const std::size_t count = column.labels.size();
    tempa::Tensor<float> own({1, static_cast<tempa::Index>(count)});  // (1,K)
    std::copy_n(logits.begin(), count, own.span().begin());
    const auto shares = tempa::probabilities_of(own, tempa::ProblemType::kSingleLabelClassification);
    append_key(labels, column.name);
    tempa::append_json(labels, column.labels[static_cast<std::size_t>(tempa::argmax_rows(own)[0])]);
    append_key(probabilities, column.name);
    probabilities += '{';
    for (std::size_t k = 0; k < count; ++k) {
      append_key(probabilities, column.labels[k]);
      tempa::append_json(probabilities, shares.span()[k]);
      values += values.empty() ? "" : ",";
      tempa::append_json(values, logits[k]);
    }
    probabilities += '}';
    logits = logits.subspan(count);
  }
  append_key(line, "labels");
  line += labels + "}";
  append_key(line, "probabilities");
  line += probabilities + "}";
  if (with_logits) {
    append_key(line, "logits");
    line += "[" + values + "]";
  }
  return line + "}\n";
}

/// @return the exit status. @throws tempa::Error for what went wrong.
template <tempa::Floating T>
int predict_label_columns(const Options& options) {
  const tempa::Device device = prepare_machine(options);
  Settings settings = settings_of(options, options.model);
  const auto tokenizer = tempa::AutoTokenizer::from_pretrained(options.model);
  auto model = load_for_inference<ColumnsClassifier<T>>(options.model, device, options.allow_new_weights);
  const tempa::EncodeOptions encoding =
      encoding_of(settings, options, tokenizer, model.config().max_position_embeddings, std::cerr);
  FlatLogits<T> network{model};
  write_predictions(options, settings, [&](const tempa::LabeledTexts& rows) {
    const auto logits =
        tempa::predict_logits(network, tempa::encode_texts(rows, tokenizer, encoding), options.batch_size);  // (n,K)
    const auto width = static_cast<std::size_t>(logits.size(-1));
    std::string lines;
    for (std::size_t i = 0; i < rows.texts.size(); ++i)
      lines += json_line(rows, i, model.label_columns, logits.span().subspan(i * width, width), options.logits);
    return lines;
  });
  return 0;
}
