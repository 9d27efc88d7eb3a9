// Writes tables of text that `DelimitedReader` and spreadsheet programs read back field by field.
#pragma once

#include <tempa/data/table/delimited.hpp>
#include <tempa/io/files/file.hpp>

#include <cstddef>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Writes a table row by row; a field is quoted only where it must be.
/// @source RFC 4180; Python `csv.writer`, to which it is equal.
class DelimitedWriter {
 public:
  /// Creates a file or replaces it, by `close`, at once or not at all. The destructor does so as well, but ignores
  /// errors, and does nothing while an exception propagates or after an IoError. @param line_end "\n", or
  /// "\r\n" as RFC 4180 and some spreadsheet programs want.
  /// @throws IoError; ConfigError for an impossible format or line end.
  explicit DelimitedWriter(const std::filesystem::path& path, DelimitedFormat format = {}, std::string line_end = "\n");
  DelimitedWriter(const DelimitedWriter&) = delete;
  DelimitedWriter& operator=(const DelimitedWriter&) = delete;
  ~DelimitedWriter();

  /// Writes to a stream, which must outlive the writer. @param name what errors call it.
  /// @throws ConfigError as above.
  DelimitedWriter(std::ostream& out, std::string name, DelimitedFormat format = {}, std::string line_end = "\n");

  /// Appends one row.
  /// @param fields UTF-8 text of each field.
  /// @throws ValueError, and nothing is written, for what cannot be read back: no field, another number of fields than
  ///   in the first row (unless ragged), invalid UTF-8, a NUL byte, a row beyond `max_row_bytes`, and without quoting a
  ///   delimiter, a line end, a byte order mark first or nothing but one empty field; IoError when writing fails.
  void write(std::span<const std::string_view> fields);
  void write(std::initializer_list<std::string_view> fields) { write(std::span(fields.begin(), fields.size())); }
  void write(std::span<const std::string> fields);

  /// Flushes to the stream, or moves the file to its place. Nothing may be written afterwards.
  /// @throws IoError when that fails: an older file is unchanged then.
  void close();

 private:
  void check_options() const;

  void put(std::string_view text, bool all = false);

  [[noreturn]] void fail(const std::string& message) const;

  void append(std::string& line, std::string_view field, bool looks_blank) const;

  std::string name_;
  DelimitedFormat format_;
  std::string line_end_;
  std::optional<AtomicFile> file_;
  std::string buffer_;  // of the file
  int exceptions_ = std::uncaught_exceptions();
  std::ostream* out_ = nullptr;
  std::size_t width_ = 0;  // of the first row
  Index rows_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/table/impl/delimited_writer.ipp>
#endif
