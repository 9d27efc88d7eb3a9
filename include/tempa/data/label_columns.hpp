// Datasets with several labels for each row, one from each label column, such as aspect-based sentiment.
#pragma once

#include <tempa/data/collate.hpp>
#include <tempa/data/label_names.hpp>
#include <tempa/data/labeled_texts.hpp>
#include <tempa/data/table/text_table.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
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
///   class that occurs twice.
std::vector<std::string> flat_labels(std::span<const LabelColumn> columns);

/// The reverse of `flat_labels`.
/// @throws ConfigError for an entry without "=", or a column whose classes are not next to each other.
std::vector<LabelColumn> label_columns_of(std::span<const std::string> flat);

/// The label columns of a table with the labels that occur in each, sorted as `learn_labels` does.
/// @throws ConfigError for a table that was read without label columns.
std::vector<LabelColumn> learn_label_columns(const TextTable& table);

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
  Batch operator()(std::span<const LabelColumnsExample> examples) const;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/label_columns.ipp>
#endif
