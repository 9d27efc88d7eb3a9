// Reads tables of text: raw TSV, and CSV with RFC 4180 quotes. Rows are read one at a time from a file or a stream, and
// every error names the file and the line.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/data/table/column.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What a double quote means in a table.
enum class Quoting {
  kNone,    ///< nothing: every byte between two delimiters belongs to the field (raw TSV)
  kRfc4180  ///< a field may be quoted and then contain delimiters, line ends and doubled quotes
};

/// The layout of a table of text.
struct DelimitedFormat {
  char delimiter = '\t';                 ///< one ASCII byte, not a quote or a line end
  Quoting quoting = Quoting::kNone;      ///< what double quotes mean
  bool header = false;                   ///< the first row names the columns
  bool ragged = false;                   ///< rows may differ in their number of fields
  Index max_row_bytes = Index{1} << 24;  ///< a longer row is an error, as the one that a forgotten quote makes

  /// Tab-separated values without quoting. @param has_header whether the first row names the columns.
  static DelimitedFormat tsv(bool has_header = false) { return {.header = has_header}; }
  /// Comma-separated values with RFC 4180 quoting. @param has_header whether the first row names the columns.
  static DelimitedFormat csv(bool has_header = true);
};

/// @throws ConfigError for a delimiter or a limit that no table can have.
void check_format(std::string_view who, const DelimitedFormat& format);

/// The fields of one row, unquoted.
class DelimitedRow {
 public:
  /// Number of fields.
  Index size() const { return static_cast<Index>(ends_.size()); }
  /// Line of the file on which the row begins, from 1.
  std::int64_t line() const { return line_; }

  /// Field `i` in UTF-8; a view into this row, valid until the reader moves on. @throws ValueError when out of range.
  std::string_view operator[](Index i) const;

  /// A copy of all fields.
  std::vector<std::string> to_vector() const;

 private:
  friend class DelimitedReader;
  std::string text_;               // all fields, end to end
  std::vector<std::size_t> ends_;  // where each field ends in text_
  std::int64_t line_ = 0;
};

/// Reads a table row by row: `for (const DelimitedRow& row : reader)`. Line ends are LF, CRLF or CR; a UTF-8 byte order
/// mark is skipped, and so is a line with nothing on it. It never reads beyond the row it returns, so that a person or
/// a program at the other end of a pipe is answered line by line.
/// @source RFC 4180; Python `csv.reader(strict=True)`, to which it is equal except for blank lines and the checks.
class DelimitedReader {
 public:
  /// Opens a file and reads its header, or its first row.
  /// @throws IoError when it cannot be opened or read; FormatError when it is empty or as `next`; ConfigError.
  explicit DelimitedReader(const std::filesystem::path& path, DelimitedFormat format = {});

  /// Reads from a stream, which must outlive the reader. @param name what errors call it.
  /// @throws as above; IoError when the stream is not good.
  DelimitedReader(std::istream& in, std::string name, DelimitedFormat format = {});

  /// Names of the columns; empty without a header.
  const std::vector<std::string>& header() const { return header_; }
  /// Number of fields of the header or the first row.
  Index width() const { return width_; }
  /// The path, or the name of the stream.
  const std::string& name() const { return name_; }

  /// The number of a column. A name is looked up exactly, then without regard to case and surrounding white
  /// space; if it is missing and all digits, it is a number where the column may be one (see `Column::parse`).
  /// @throws ConfigError for a name without a header; FormatError when there is no such column, or several.
  Index column(const Column& column) const;

  /// Moves on to the next row. @return false at the end.
  /// @throws FormatError with the line for a row of another width, invalid UTF-8, a NUL byte, text after a closing
  ///   quote, a quote that is never closed, or a row of more than `max_row_bytes`; IoError when reading fails, or the
  ///   file is truncated meanwhile.
  bool next();

  /// The row that `next` moved to.
  const DelimitedRow& row() const { return row_; }

  /// An input iterator over the remaining rows.
  class Iterator {
   public:
    using value_type = DelimitedRow;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(DelimitedReader* reader) : reader_(reader) { ++*this; }
    const DelimitedRow& operator*() const { return reader_->row(); }
    Iterator& operator++();
    void operator++(int) { ++*this; }
    friend bool operator==(const Iterator& a, std::default_sentinel_t) { return a.reader_ == nullptr; }

   private:
    DelimitedReader* reader_;
  };
  /// Reads the next row and begins with it. @throws as `next`.
  Iterator begin() { return Iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  using Traits = std::char_traits<char>;
  static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

  void start();

  // Reads rows until one is not blank; false at the end.
  bool read_row();

  // Reads one line, or several where quotes contain line ends, into row_; a blank line leaves it without fields.
  // @return false when the input ended.
  bool parse_row();

  // At the end of a file: checks whether it has been truncated meanwhile.
  void check_whole() const;

  std::string nul_message() const;

  void check_utf8() const;

  std::string name_;
  DelimitedFormat format_;
  std::unique_ptr<std::ifstream> file_;
  std::streambuf* in_ = nullptr;
  std::uintmax_t file_bytes_ = 0;  // when it was opened; 0 for a stream
  std::vector<std::string> header_;
  DelimitedRow row_;
  std::int64_t line_ = 1;  // of the next byte
  std::int64_t first_line_ = 0;
  Index width_ = 0;
  bool pending_ = false;  // row_ was read by the constructor and is still to be returned
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/impl/delimited.ipp>
#endif
