// Reads texts and label fields from a table, row by row or all at once.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/data/table/column.hpp>
#include <tempa/data/table/delimited.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// The texts of a table, with their classes or targets where it has them.
struct LabeledTexts {
  std::string name;                           ///< path of the table, or name of the stream
  std::vector<std::string> texts;             ///< (n)
  std::vector<std::string> pairs;             ///< (n), or empty
  std::vector<std::int32_t> labels;           ///< (n) class, or empty
  std::vector<std::int64_t> lines;            ///< (n) line on which each row begins, from 1
  std::vector<std::vector<float>> targets{};  ///< (n) of K each: 0 or 1 for each label, or values; or empty

  Index size() const { return static_cast<Index>(texts.size()); }

  /// Some of the rows, in the given order. @throws std::out_of_range for a row that does not exist.
  LabeledTexts subset(std::span<const Index> rows) const {
    LabeledTexts part;
    part.name = name;
    for (const Index row : rows) {
      const auto i = static_cast<std::size_t>(row);
      part.texts.push_back(texts.at(i));
      part.lines.push_back(lines.at(i));
      if (!pairs.empty()) part.pairs.push_back(pairs[i]);
      if (!labels.empty()) part.labels.push_back(labels[i]);
      if (!targets.empty()) part.targets.push_back(targets[i]);
    }
    return part;
  }
};

/// Which columns of a table contain the texts and the labels.
struct TextTableColumns {
  Column text = 0;
  std::optional<Column> pair = std::nullopt;  ///< the second text, where an example is a pair
  std::vector<Column> labels = {};            ///< any number
};

/// Rows of a table whose labels are not interpreted yet.
struct TextTable {
  LabeledTexts rows;                             ///< without labels and targets
  std::vector<std::string> label_names;          ///< of the label columns: from the header, or their numbers
  std::vector<std::vector<std::string>> fields;  ///< (label columns)(n) as in the table
};

/// Whether an empty text is allowed.
enum class BlankTexts {
  kRefused,  ///< an error: nothing can be learned from it
  kAccepted  ///< a text like any other
};

/// Reads rows of a `DelimitedReader` one by one, for tables that are larger than memory.
class TextTableReader {
 public:
  /// @param reader must outlive this one. @throws what `DelimitedReader::column` throws for a missing column;
  ///   FormatError for a column that is both text and label.
  TextTableReader(DelimitedReader& reader, const TextTableColumns& columns, BlankTexts blank = BlankTexts::kRefused)
      : reader_(reader),
        text_(reader.column(columns.text)),
        pair_(columns.pair ? reader.column(*columns.pair) : -1),
        blank_(blank) {
    for (const Column& column : columns.labels) {
      labels_.push_back(reader.column(column));
      if (labels_.back() == text_ || labels_.back() == pair_)
        throw FormatError(
            reader_.name(), 0,
            concat("expected different columns for text and label but both are ", name_of(labels_.back())));
    }
  }

  /// A table of no rows.
  TextTable empty_table() const {
    TextTable table;
    table.rows.name = reader_.name();
    for (const Index column : labels_) table.label_names.push_back(name_of(column));
    table.fields.resize(labels_.size());
    return table;
  }

  /// Appends the next row to `table`, one of `empty_table`. @return false at the end.
  /// @throws FormatError with the line for a text that is empty or white space; what `DelimitedReader::next` throws.
  bool append_to(TextTable& table) {
    if (!reader_.next()) return false;
    const DelimitedRow& row = reader_.row();
    for (const Index column : {text_, pair_})
      if (column >= 0 && blank_ == BlankTexts::kRefused && detail::is_blank(row[column]))
        throw FormatError(reader_.name(), row.line(), concat("expected a text in column ", column, " but it is empty"));
    table.rows.texts.emplace_back(row[text_]);
    if (pair_ >= 0) table.rows.pairs.emplace_back(row[pair_]);
    table.rows.lines.push_back(row.line());
    for (std::size_t i = 0; i < labels_.size(); ++i) table.fields[i].emplace_back(row[labels_[i]]);
    return true;
  }

 private:
  std::string name_of(Index column) const {
    return reader_.header().empty() ? std::to_string(column) : reader_.header()[static_cast<std::size_t>(column)];
  }

  DelimitedReader& reader_;
  Index text_, pair_;
  BlankTexts blank_;
  std::vector<Index> labels_;
};

/// Reads the remaining rows of a table.
/// @throws FormatError with the line for a text that is empty or white space, and for a table without rows; what
///   `DelimitedReader` throws.
inline TextTable read_text_table(DelimitedReader& reader, const TextTableColumns& columns = {}) {
  TextTableReader rows(reader, columns);
  TextTable table = rows.empty_table();
  while (rows.append_to(table)) {
  }
  if (table.rows.texts.empty())
    throw FormatError(reader.name(), 0, "expected at least one row but there is only a header");
  return table;
}

/// Reads a file. @throws as above, and IoError.
inline TextTable read_text_table(const std::filesystem::path& path, const TextTableColumns& columns = {},
                                 const DelimitedFormat& format = {}) {
  DelimitedReader reader(path, format);
  return read_text_table(reader, columns);
}

}  // namespace tempa::inline TEMPA_ABI
