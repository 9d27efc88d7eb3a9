// The bodies of <tempa/data/label_columns.hpp>.
#pragma once

#include <tempa/data/label_columns.hpp>
#include <tempa/data/labels.hpp>

#include <set>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<std::string> flat_labels(std::span<const LabelColumn> columns) {
  const auto fail = [](const std::string& what) { throw ConfigError("[flat_labels] " + what); };
  if (columns.empty()) fail("expected at least one label column but there is none");
  std::vector<std::string> flat;
  std::set<std::string> seen;
  for (const LabelColumn& column : columns) {
    if (column.name.empty() || column.name.find('=') != std::string::npos)
      fail("the name of a label column must have a character, and no \"=\", but is \"" + column.name + "\"");
    if (column.labels.empty()) fail("expected labels of the column " + column.name + " but there are none");
    if (!seen.insert(column.name).second) fail("the label column " + column.name + " comes twice");
    for (const std::string& label : column.labels) {
      flat.push_back(column.name + "=" + label);
      if (!seen.insert(flat.back()).second) fail("the label " + flat.back() + " comes twice");
    }
  }
  return flat;
}

TEMPA_INLINE std::vector<LabelColumn> label_columns_of(std::span<const std::string> flat) {
  std::vector<LabelColumn> columns;
  for (const std::string& entry : flat) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos)
      throw ConfigError(concat("[label_columns_of] expected labels like \"price=positive\" but got \"", entry, "\""));
    std::string name = entry.substr(0, equals);
    if (columns.empty() || columns.back().name != name) columns.push_back({.name = std::move(name), .labels = {}});
    columns.back().labels.push_back(entry.substr(equals + 1));
  }
  flat_labels(columns);  // checks the rest
  return columns;
}

TEMPA_INLINE std::vector<LabelColumn> learn_label_columns(const TextTable& table) {
  detail::require_label_columns("learn_label_columns", table, false);
  std::vector<LabelColumn> columns;
  for (std::size_t a = 0; a < table.fields.size(); ++a)
    columns.push_back({.name = table.label_names[a], .labels = learn_labels(table.fields[a])});
  return columns;
}

TEMPA_INLINE Batch LabelColumnsCollate::operator()(std::span<const LabelColumnsExample> examples) const {
  std::vector<TextExample> texts;
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    texts.push_back({.encoding = examples[i].encoding});
    labels.insert(labels.end(), examples[i].labels.begin(), examples[i].labels.end());
    if (examples[i].labels.size() != examples[0].labels.size())
      throw ValueError(concat("[collate] all examples of a batch must have the same number of labels but example ", i,
                              " has ", examples[i].labels.size(), " and example 0 has ", examples[0].labels.size()));
  }
  Batch batch = PackedCollate{}(texts);
  if (!labels.empty())
    batch.labels = Tensor<std::int32_t>::from(
        labels, {static_cast<Index>(examples.size()), static_cast<Index>(examples[0].labels.size())});
  return batch;
}

}  // namespace tempa::inline TEMPA_ABI
