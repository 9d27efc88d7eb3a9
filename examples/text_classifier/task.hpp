// The task to be learned: the kind of problem, the labels, and the labels of each row.
#pragma once

#include "settings.hpp"

#include <tempa/data/detail/matched_labels.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/models/bert/config.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The task to be learned.
struct Task {
  tempa::ProblemType problem = tempa::ProblemType::kSingleLabelClassification;
  std::vector<std::string> names;              ///< (K) of the labels, or of the numbers to regress
  std::vector<std::string> learned{};          ///< of a training: those of the table, in its spelling and order
  std::optional<std::string> label_separator;  ///< multi-label in one column
  bool numbered = false;                       ///< the names are only defaults: labels may be numbers from 0
};

inline bool is_indicator(const std::string& field) { return field == "0" || field == "1"; }

inline bool all_fields(const tempa::TextTable& table, bool (*is)(const std::string&)) {
  return std::all_of(table.fields.begin(), table.fields.end(),
                     [&](const auto& column) { return std::all_of(column.begin(), column.end(), is); });
}

inline tempa::ProblemType problem_of(const std::string& task) {
  if (task == "regression") return tempa::ProblemType::kRegression;
  return task == "multi-label" ? tempa::ProblemType::kMultiLabelClassification
                               : tempa::ProblemType::kSingleLabelClassification;
}

// The kind of problem of a training table, unless it is ambiguous.
inline tempa::ProblemType detect_problem(const tempa::TextTable& table, const Settings& settings) {
  if (settings.label_separator) return tempa::ProblemType::kMultiLabelClassification;
  if (table.fields.size() > 1) {
    if (all_fields(table, is_indicator)) return tempa::ProblemType::kMultiLabelClassification;
    throw tempa::ConfigError(
        "--task: several label columns of numbers that are not all 0 and 1 may mean several things; "
        "give --task multi-label, --task regression or --task label-columns");
  }
  const bool numbers =
      all_fields(table, [](const std::string& field) { return tempa::parse_number(field).has_value(); });
  const bool whole =
      all_fields(table, [](const std::string& field) { return field.find_first_of(".eE") == std::string::npos; });
  if (numbers && !whole)
    throw tempa::ConfigError(
        "--task: labels such as 0.5 may be numbers to predict or names of classes; "
        "give --task regression or --task single-label");
  return tempa::ProblemType::kSingleLabelClassification;
}

/// The classes that occur in one label column. @throws FormatError for an empty one, or too many to be classes.
inline std::vector<std::string> learn_classes(const tempa::TextTable& table, std::size_t column) {
  const std::vector<std::string>& fields = table.fields[column];
  const auto empty = std::find(fields.begin(), fields.end(), "");
  if (empty != fields.end())
    throw tempa::FormatError(table.rows.name, table.rows.lines[static_cast<std::size_t>(empty - fields.begin())],
                             "expected a label but it is empty");
  std::vector<std::string> labels = tempa::learn_labels(fields);
  constexpr std::size_t kFew = 20;
  if (labels.size() > kFew && labels.size() > fields.size() / 2)
    throw tempa::FormatError(table.rows.name, 0,
                             tempa::concat("expected labels that rows share but ", fields.size(), " rows have ",
                                           labels.size(), " different ones: is --label-column right?"));
  return labels;
}

inline std::vector<std::string> learn_names(const tempa::TextTable& table, const Task& task) {
  const bool named_columns = !is_number(table.label_names.front());
  if (task.problem == tempa::ProblemType::kRegression && table.fields.size() == 1 && !named_columns) return {"LABEL_0"};
  if (task.problem == tempa::ProblemType::kRegression || table.fields.size() > 1) return table.label_names;
  if (!task.label_separator) {
    return learn_classes(table, 0);
  }
  std::vector<std::string> all;
  for (std::size_t i = 0; i < table.fields[0].size(); ++i)
    for (std::string& label : tempa::split_labels(table.fields[0][i], *task.label_separator)) {
      if (label.empty())
        throw tempa::FormatError(table.rows.name, table.rows.lines[i],
                                 "expected a label between separators but it is empty: \"" + table.fields[0][i] + "\"");
      all.push_back(std::move(label));
    }
  return tempa::learn_labels(all);
}

/// The task of a training table with its labels: first those that a model knows, in its order and spelling.
/// @param model configuration of the model to start from, or nullptr.
/// @throws ConfigError where the table is ambiguous, and for a label that occurs twice.
inline Task learn_task(const tempa::TextTable& table, const Options& options, const Settings& settings,
                       const tempa::BertConfig* model) {
  Task task;
  task.label_separator = settings.label_separator;
  task.problem = options.task != "auto"                    ? problem_of(options.task)
                 : model != nullptr && model->problem_type ? *model->problem_type
                                                           : detect_problem(table, settings);
  const bool multi_label = task.problem == tempa::ProblemType::kMultiLabelClassification;
  if (task.label_separator && !multi_label)
    throw tempa::ConfigError("--label-separator: only multi-label has several labels");
  if (task.label_separator && table.fields.size() > 1)
    throw tempa::ConfigError("--label-separator: expected one label column but there are several");
  if (multi_label && !task.label_separator && table.fields.size() == 1)
    throw tempa::ConfigError("--task multi-label: expected --label-separator, or several --label-columns of 0 and 1");
  if (task.problem == tempa::ProblemType::kSingleLabelClassification && table.fields.size() > 1)
    throw tempa::ConfigError("--task single-label: expected one label column but there are several");
  task.learned = task.names = learn_names(table, task);
  tempa::require_different_labels(table.rows.name + ": the", task.names);
  if (model != nullptr)
    task.names = tempa::match_labels(model->id2label, task.learned,
                                     {.order = tempa::LabelOrder::kModel,
                                      .keep = options.keep_labels,
                                      .same_value = task.problem == tempa::ProblemType::kRegression})
                     .labels;
  const std::size_t least = task.problem == tempa::ProblemType::kSingleLabelClassification ? 2 : 1;
  if (task.names.size() < least)
    throw tempa::FormatError(
        table.rows.name, 0,
        tempa::concat("expected at least ", least, " different labels but has ", task.names.size()));
  return task;
}

/// Sorts the label columns of a training table, and the settings that name them, in the order of a model's labels.
/// @throws ConfigError for a label without a column.
inline void order_fields(tempa::TextTable& table, Settings& settings, const std::vector<std::string>& names) {
  const tempa::TextTable old = std::move(table);
  const std::vector<tempa::Column> columns = settings.label_columns;
  const tempa::LabelNames known(old.label_names);
  table = {.rows = old.rows, .label_names = {}, .fields = {}};
  settings.label_columns.clear();
  for (const std::string& name : names) {
    const auto found = known.find(name);
    if (!found) throw tempa::ConfigError("--keep-labels: the table has no column of the label " + name);
    const auto column = static_cast<std::size_t>(*found);
    table.label_names.push_back(old.label_names[column]);
    table.fields.push_back(old.fields[column]);
    settings.label_columns.push_back(columns.at(column));
  }
}

/// The task that a model was trained for. @throws ConfigError for two labels of the same name, which answers could not
/// distinguish.
inline Task task_of(const tempa::BertConfig& config, const Options& options, const Settings& settings) {
  Task task{.names = config.id2label, .label_separator = settings.label_separator};
  task.problem = options.task != "auto"     ? problem_of(options.task)
                 : config.problem_type      ? *config.problem_type
                 : config.num_labels() == 1 ? tempa::ProblemType::kRegression
                                            : tempa::ProblemType::kSingleLabelClassification;
  task.numbered = tempa::are_default_labels(task.names);
  tempa::require_different_labels(options.model + "/config.json: id2label: the", task.names);
  if (task.problem != tempa::ProblemType::kMultiLabelClassification) task.label_separator.reset();
  return task;
}

/// The labels or numbers of the label columns. @throws FormatError with file and line for one that the task does not
/// have.
inline tempa::LabeledTexts with_labels(tempa::TextTable&& table, const Task& task) {
  const bool one_column = task.problem == tempa::ProblemType::kSingleLabelClassification || task.label_separator;
  const std::size_t expected = one_column ? 1 : task.names.size();
  if (table.fields.size() != expected)
    throw tempa::ConfigError(
        tempa::concat("--label-columns: expected ", expected, " for this model but there are ", table.fields.size()));
  if (task.problem == tempa::ProblemType::kRegression) return tempa::with_values(std::move(table));
  if (task.label_separator) return tempa::with_label_sets(std::move(table), task.names, *task.label_separator);
  if (task.problem == tempa::ProblemType::kMultiLabelClassification) return tempa::with_indicators(std::move(table));
  return tempa::with_classes(std::move(table), task.names,
                             task.numbered ? tempa::ClassNumbers::kAccepted : tempa::ClassNumbers::kRefused);
}

/// The label columns `names`, spelled as in `columns` where it has them.
inline std::vector<tempa::Column> spelt_as(const std::vector<tempa::Column>& columns,
                                           const std::vector<std::string>& names) {
  std::vector<std::string> titles;
  for (const tempa::Column& column : columns) titles.push_back(column.to_string());
  const tempa::LabelNames given(titles);
  std::vector<tempa::Column> spelt;
  for (const std::string& name : names) {
    const auto found = given.find(name);
    spelt.push_back(found ? columns[static_cast<std::size_t>(*found)] : tempa::Column::parse(name));
  }
  return spelt;
}

/// Sorts the label columns in the order of the task's names. @throws ConfigError when they differ.
inline void order_label_columns(Settings& settings, const Task& task) {
  auto& columns = settings.label_columns;
  if (task.problem == tempa::ProblemType::kSingleLabelClassification || task.label_separator) return;
  if (columns.size() < 2 && (!columns.empty() || task.names.size() < 2)) return;
  const std::vector<tempa::Column> ordered = spelt_as(columns, task.names);
  if (!columns.empty() && !std::is_permutation(columns.begin(), columns.end(), ordered.begin(), ordered.end())) {
    if (std::all_of(columns.begin(), columns.end(), [](const auto& column) { return column.number() != nullptr; }))
      return;
    throw tempa::ConfigError("--label-columns: expected the model's, " + [&] {
      std::string list;
      for (const std::string& name : task.names) list += (list.empty() ? "" : ",") + name;
      return list;
    }());
  }
  columns = ordered;
}
