// Reads tables of text: raw TSV, and CSV with RFC 4180 quotes. Rows are read one at a time from a file or a stream, and
// every error names the file and the line.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/data/table/column.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <istream>
#include <iterator>
#include <memory>
#include <optional>
#include <streambuf>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("data");

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
  static DelimitedFormat csv(bool has_header = true) {
    return {.delimiter = ',', .quoting = Quoting::kRfc4180, .header = has_header};
  }
};

/// @throws ConfigError for a delimiter or a limit that no table can have.
inline void check_format(std::string_view who, const DelimitedFormat& format) {
  const auto byte = static_cast<unsigned char>(format.delimiter);
  if (byte == 0 || byte >= 0x80 || byte == '\n' || byte == '\r' || byte == '"')
    throw ConfigError(concat("[", who,
                             "] the delimiter must be one ASCII byte that is no quote or line end but is byte ",
                             static_cast<int>(byte)));
  if (format.max_row_bytes < 1)
    throw ConfigError(concat("[", who, "] max_row_bytes must be positive but is ", format.max_row_bytes));
}

/// The fields of one row, unquoted.
class DelimitedRow {
 public:
  /// Number of fields.
  Index size() const { return static_cast<Index>(ends_.size()); }
  /// Line of the file on which the row begins, from 1.
  std::int64_t line() const { return line_; }

  /// Field `i` in UTF-8; a view into this row, valid until the reader moves on. @throws ValueError when out of range.
  std::string_view operator[](Index i) const {
    if (i < 0 || i >= size())
      throw ValueError(concat("[DelimitedRow] field ", i, " is outside of ", size(), " fields"));
    const std::size_t begin = i == 0 ? 0 : ends_[static_cast<std::size_t>(i - 1)];
    return std::string_view(text_).substr(begin, ends_[static_cast<std::size_t>(i)] - begin);
  }

  /// A copy of all fields.
  std::vector<std::string> to_vector() const {
    std::vector<std::string> fields;
    fields.reserve(ends_.size());
    for (Index i = 0; i < size(); ++i) fields.emplace_back((*this)[i]);
    return fields;
  }

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
  explicit DelimitedReader(const std::filesystem::path& path, DelimitedFormat format = {})
      : name_(path.string()), format_(format) {
    check_format("DelimitedReader", format_);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw IoError(name_, "expected a file but it is a folder");
    errno = 0;
    file_ = std::make_unique<std::ifstream>(path, std::ios::binary);
    if (!*file_) throw IoError(name_, "cannot open the file: " + std::generic_category().message(errno));
    in_ = file_->rdbuf();
    if (std::filesystem::is_regular_file(path, ignored)) file_bytes_ = std::filesystem::file_size(path, ignored);
    start();
  }

  /// Reads from a stream, which must outlive the reader. @param name what errors call it.
  /// @throws as above; IoError when the stream is not good.
  DelimitedReader(std::istream& in, std::string name, DelimitedFormat format = {})
      : name_(std::move(name)), format_(format), in_(in.rdbuf()) {
    check_format("DelimitedReader", format_);
    if (!in) throw IoError(name_, "cannot read the stream");
    start();
  }

  /// Names of the columns; empty without a header.
  const std::vector<std::string>& header() const { return header_; }
  /// Number of fields of the header or the first row.
  Index width() const { return width_; }
  /// The path, or the name of the stream.
  const std::string& name() const { return name_; }

  /// The number of a column. A name is looked up exactly, then without regard to case and surrounding white
  /// space; if it is missing and all digits, it is a number where the column may be one (see `Column::parse`).
  /// @throws ConfigError for a name without a header; FormatError when there is no such column, or several.
  Index column(const Column& column) const {
    if (const std::string* name = column.name()) {
      const detail::FoundName found = detail::find_name(header_, *name);
      if (found.count > 1) throw FormatError(name_, first_line_, concat("column \"", *name, "\" comes twice"));
      if (found.count == 1) return found.first;
      if (column.number() == nullptr && !format_.header)
        throw ConfigError(concat("[DelimitedReader] column \"", *name, "\" of ", name_, " needs a header"));
      if (column.number() == nullptr)
        throw FormatError(name_, first_line_,
                          concat("expected a column \"", *name, "\" but has ", detail::quoted_list(header_)));
    }
    const Index number = *column.number();
    if (number >= 0 && number < width_) return number;
    throw FormatError(name_, first_line_,
                      concat("expected a column ", number, " but has ", width_, " columns", header_.empty() ? "" : ": ",
                             detail::quoted_list(header_)));
  }

  /// Moves on to the next row. @return false at the end.
  /// @throws FormatError with the line for a row of another width, invalid UTF-8, a NUL byte, text after a closing
  ///   quote, a quote that is never closed, or a row of more than `max_row_bytes`; IoError when reading fails, or the
  ///   file is truncated meanwhile.
  bool next() {
    if (std::exchange(pending_, false)) return true;
    if (!read_row()) return false;
    if (!format_.ragged && row_.size() != width_)
      throw FormatError(name_, row_.line_, concat("expected ", width_, " fields but has ", row_.size()));
    return true;
  }

  /// The row that `next` moved to.
  const DelimitedRow& row() const { return row_; }

  /// An input iterator over the remaining rows.
  class Iterator {
   public:
    using value_type = DelimitedRow;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(DelimitedReader* reader) : reader_(reader) { ++*this; }
    const DelimitedRow& operator*() const { return reader_->row(); }
    Iterator& operator++() {
      if (!reader_->next()) reader_ = nullptr;
      return *this;
    }
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

  void start() {
    if (!read_row()) throw FormatError(name_, 0, "expected at least one row but the file is empty");
    width_ = row_.size();
    first_line_ = row_.line_;
    if (format_.header) {
      header_ = row_.to_vector();
    } else {
      pending_ = true;
    }
  }

  // Reads rows until one is not blank; false at the end.
  bool read_row() {
    try {
      for (;;) {
        row_.text_.clear();
        row_.ends_.clear();
        row_.line_ = line_;
        const bool more = parse_row();
        if (!more) check_whole();
        if (!row_.ends_.empty()) break;
        if (!more) return false;
      }
    } catch (const std::ios_base::failure& failure) {
      throw IoError(name_, concat("reading line ", line_, " failed: ", failure.what()));
    }
    check_utf8();
    return true;
  }

  // Reads one line, or several where quotes contain line ends, into row_; a blank line leaves it without fields.
  // @return false when the input ended.
  bool parse_row() {
    enum class State { kFieldStart, kUnquoted, kQuoted, kQuoteInQuoted } state = State::kFieldStart;
    const bool quotes = format_.quoting == Quoting::kRfc4180;
    bool blank = true;
    std::int64_t quote_line = 0;
    std::string& text = row_.text_;
    for (Index bytes = 1;; ++bytes) {
      const Traits::int_type next = in_->sbumpc();
      if (Traits::eq_int_type(next, Traits::eof())) {
        if (state == State::kQuoted) throw FormatError(name_, quote_line, "the quote that opens here is never closed");
        if (!blank) row_.ends_.push_back(text.size());
        return false;
      }
      const char c = Traits::to_char_type(next);
      if (bytes > format_.max_row_bytes)
        throw FormatError(name_, row_.line_,
                          concat("the row is longer than ", format_.max_row_bytes, " bytes",
                                 state == State::kQuoted ? "; is a quote not closed?" : ""));
      if (c == '\0') throw FormatError(name_, line_, nul_message());
      if (c == '\n' || c == '\r') {
        const bool first_of_two = c == '\r' && Traits::eq_int_type(in_->sgetc(), Traits::to_int_type('\n'));
        if (state == State::kQuoted) {
          text += c;
          if (!first_of_two) ++line_;
          continue;
        }
        if (first_of_two) in_->sbumpc();
        ++line_;
        if (!blank) row_.ends_.push_back(text.size());
        return true;
      }
      if (state == State::kQuoted) {
        if (c == '"') {
          state = State::kQuoteInQuoted;
        } else {
          text += c;
        }
        continue;
      }
      blank = false;
      if (c == format_.delimiter) {
        row_.ends_.push_back(text.size());
        state = State::kFieldStart;
      } else if (state == State::kQuoteInQuoted) {
        if (c != '"') throw FormatError(name_, line_, "expected a delimiter after the closing quote but has more text");
        text += c;
        state = State::kQuoted;
      } else if (quotes && c == '"' && state == State::kFieldStart) {
        state = State::kQuoted;
        quote_line = line_;
      } else {
        text += c;
        state = State::kUnquoted;
        if (bytes == 3 && row_.line_ == 1 && text == kByteOrderMark) {
          text.clear();
          state = State::kFieldStart;
          blank = true;
        }
      }
    }
  }

  // At the end of a file: checks whether it has been truncated meanwhile.
  void check_whole() const {
    if (file_bytes_ == 0) return;
    const std::streamoff read = in_->pubseekoff(0, std::ios::cur, std::ios::in);
    if (read >= 0 && static_cast<std::uintmax_t>(read) < file_bytes_)
      throw IoError(name_, concat("became shorter while it was read: ", read, " of ", file_bytes_, " bytes"));
  }

  std::string nul_message() const {
    const bool utf16 = row_.line_ == 1 && (row_.text_.starts_with("\xFF\xFE") || row_.text_.starts_with("\xFE\xFF"));
    return utf16 ? "expected UTF-8 but the file is UTF-16" : "expected text but has a NUL byte";
  }

  void check_utf8() const {
    const std::string& text = row_.text_;
    const std::optional<std::size_t> bad = find_invalid_utf8(text);
    if (!bad) return;
    std::int64_t line = row_.line_;
    for (std::size_t i = 0; i < *bad; ++i)
      if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n')) ++line;
    std::size_t field = 0;
    while (row_.ends_[field] <= *bad) ++field;
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(text[*bad]);
    throw FormatError(
        name_, line,
        concat("expected UTF-8 but field ", field, " has the invalid byte 0x", kDigits[byte >> 4], kDigits[byte & 15]));
  }

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
