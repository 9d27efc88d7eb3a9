// Reads texts and label fields from a table, row by row or all at once.
#pragma once

#include <tempa/data/table/column.hpp>
#include <tempa/data/table/delimited.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
  LabeledTexts subset(std::span<const Index> rows) const;
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
  TextTableReader(DelimitedReader& reader, const TextTableColumns& columns, BlankTexts blank = BlankTexts::kRefused);

  /// A table of no rows.
  TextTable empty_table() const;

  /// Appends the next row to `table`, one of `empty_table`. @return false at the end.
  /// @throws FormatError with the line for a text that is empty or white space; what `DelimitedReader::next` throws.
  bool append_to(TextTable& table);

 private:
  std::string name_of(Index column) const;

  DelimitedReader& reader_;
  Index text_, pair_;
  BlankTexts blank_;
  std::vector<Index> labels_;
};

/// Reads the remaining rows of a table.
/// @throws FormatError with the line for a text that is empty or white space, and for a table without rows; what
///   `DelimitedReader` throws.
TextTable read_text_table(DelimitedReader& reader, const TextTableColumns& columns = {});

/// Reads a file. @throws as above, and IoError.
TextTable read_text_table(const std::filesystem::path& path, const TextTableColumns& columns = {},
                          const DelimitedFormat& format = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/impl/text_table.ipp>
#endif
