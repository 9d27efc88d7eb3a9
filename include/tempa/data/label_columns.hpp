// Datasets with several labels for each row, one from each label column, such as aspect-based sentiment.
#pragma once

#include <tempa/data/collate.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/data/labels.hpp>
#include <tempa/data/table/text_table.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A label column, such as one aspect of a review, and the names of its classes.
struct LabelColumn {
  std::string name;
  std::vector<std::string> labels;  ///< (K) of this column
  friend bool operator==(const LabelColumn&, const LabelColumn&) = default;
};

/// All classes of all columns in one list, as in `id2label` of a model's config.json: "fuel=negative", …
/// @throws ConfigError for no column, one without a class, a name that is empty, contains "=" or occurs twice, or a
/// class
///   that occurs twice.
inline std::vector<std::string> flat_labels(std::span<const LabelColumn> columns) {
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

/// The reverse of `flat_labels`.
/// @throws ConfigError for an entry without "=", or a column whose classes are not next to each other.
inline std::vector<LabelColumn> label_columns_of(std::span<const std::string> flat) {
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

/// The label columns of a table with the labels that occur in each, sorted as `learn_labels` does.
/// @throws ConfigError for a table that was read without label columns.
inline std::vector<LabelColumn> learn_label_columns(const TextTable& table) {
  detail::require_label_columns("learn_label_columns", table, false);
  std::vector<LabelColumn> columns;
  for (std::size_t a = 0; a < table.fields.size(); ++a)
    columns.push_back({.name = table.label_names[a], .labels = learn_labels(table.fields[a])});
  return columns;
}

/// One text and its class in each of A columns.
struct LabelColumnsExample {
  Encoding encoding;                 ///< (T)
  std::vector<std::int32_t> labels;  ///< (A), or empty when unknown
};

/// Texts with a class in each label column, tokenized once.
/// @source IndoNLU `AspectBasedSentimentAnalysisAiryDataset` and `…ProsaDataset`
class LabelColumnsDataset {
 public:
  /// @param table read with the label columns in the order of `columns`, or without any when labels are unknown.
  /// @param columns (A) names and classes, found as by `LabelNames`. @param tokenizer any `Tokenizer`; it is not kept.
  /// @throws FormatError with file and line for an unknown label or a text that cannot be encoded; ConfigError when the
  ///   label columns differ.
  template <Tokenizer T>
  LabelColumnsDataset(const TextTable& table, std::vector<LabelColumn> columns, const T& tokenizer,
                      const EncodeOptions& options = {})
      : columns_(std::move(columns)) {
    flat_labels(columns_);
    if (!table.fields.empty() && table.fields.size() != columns_.size())
      throw ConfigError(concat("[LabelColumnsDataset] expected ", columns_.size(), " label columns but the table has ",
                               table.fields.size()));
    for (TextExample& example : encode_texts(table.rows, tokenizer, options))
      examples_.push_back({.encoding = std::move(example.encoding), .labels = {}});
    for (std::size_t a = 0; a < table.fields.size(); ++a) {
      if (!LabelNames(std::span(&columns_[a].name, 1)).find(table.label_names[a]))
        throw ConfigError(concat("[LabelColumnsDataset] expected the label column ", columns_[a].name, " but got ",
                                 table.label_names[a]));
      const LabelNames known(columns_[a].labels);
      for (std::size_t i = 0; i < examples_.size(); ++i) {
        const auto found = known.find(table.fields[a][i]);
        if (!found)
          throw FormatError(table.rows.name, table.rows.lines[i],
                            detail::unknown_label_text(table.fields[a][i], columns_[a].labels,
                                                       concat(" in the column ", columns_[a].name)));
        examples_[i].labels.push_back(*found);
      }
    }
  }

  /// Reads a CSV with a header: the text, and a label in each column that `columns` names.
  /// @throws as above; IoError; FormatError for a missing column and as `DelimitedReader`.
  template <Tokenizer T>
  static LabelColumnsDataset from_csv(const std::filesystem::path& path, std::vector<LabelColumn> columns,
                                      const T& tokenizer, const EncodeOptions& options = {},
                                      const Column& text_column = 0) {
    TextTableColumns selected{.text = text_column};
    for (const LabelColumn& column : columns) selected.labels.emplace_back(column.name);
    return LabelColumnsDataset(read_text_table(path, selected, DelimitedFormat::csv()), std::move(columns), tokenizer,
                               options);
  }

  const std::vector<LabelColumn>& columns() const { return columns_; }
  Index size() const { return static_cast<Index>(examples_.size()); }
  const LabelColumnsExample& operator[](Index row) const { return examples_[static_cast<std::size_t>(row)]; }

 private:
  std::vector<LabelColumn> columns_;
  std::vector<LabelColumnsExample> examples_;
};

/// Joins the examples end to end; `labels` of the batch is (B,A).
struct LabelColumnsCollate {
  /// @throws ValueError as `PackedCollate`, and for examples with different numbers of labels.
  Batch operator()(std::span<const LabelColumnsExample> examples) const {
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
};

}  // namespace tempa::inline TEMPA_ABI
