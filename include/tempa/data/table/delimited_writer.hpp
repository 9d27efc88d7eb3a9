// Writes tables of text that `DelimitedReader` and spreadsheet programs read back field by field.
#pragma once

#include <tempa/core/detail/compiled.hpp>
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
#include <utility>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// Writes a table row by row; a field is quoted only where it must be.
/// @source RFC 4180; Python `csv.writer`, to which it is equal.
class DelimitedWriter {
 public:
  /// Creates a file or replaces it, by `close`, at once or not at all. The destructor does so as well, but ignores
  /// errors, and does nothing while an exception propagates or after an IoError. @param line_end "\n", or
  /// "\r\n" as RFC 4180 and some spreadsheet programs want.
  /// @throws IoError; ConfigError for an impossible format or line end.
  explicit DelimitedWriter(const std::filesystem::path& path, DelimitedFormat format = {}, std::string line_end = "\n")
      : name_(path.string()), format_(format), line_end_(std::move(line_end)) {
    check_options();
    file_.emplace(name_);
  }
  DelimitedWriter(const DelimitedWriter&) = delete;
  DelimitedWriter& operator=(const DelimitedWriter&) = delete;
  ~DelimitedWriter() {
    if (!file_ || std::uncaught_exceptions() > exceptions_) return;
    try {
      close();
    } catch (const Error&) {
    }
  }

  /// Writes to a stream, which must outlive the writer. @param name what errors call it.
  /// @throws ConfigError as above.
  DelimitedWriter(std::ostream& out, std::string name, DelimitedFormat format = {}, std::string line_end = "\n")
      : name_(std::move(name)), format_(format), line_end_(std::move(line_end)), out_(&out) {
    check_options();
  }

  /// Appends one row.
  /// @param fields UTF-8 text of each field.
  /// @throws ValueError, and nothing is written, for what cannot be read back: no field, another number of fields than
  ///   in the first row (unless ragged), invalid UTF-8, a NUL byte, a row beyond `max_row_bytes`, and without quoting a
  ///   delimiter, a line end, a byte order mark first or nothing but one empty field; IoError when writing fails.
  void write(std::span<const std::string_view> fields) {
    if (fields.empty()) fail("expected at least one field but has none");
    if (width_ != 0 && fields.size() != width_ && !format_.ragged)
      fail(concat("expected ", width_, " fields but has ", fields.size()));
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string_view field = fields[i];
      if (find_invalid_utf8(field)) fail(concat("expected UTF-8 but field ", i, " is not"));
      if (field.find('\0') != std::string_view::npos) fail(concat("field ", i, " has a NUL byte"));
      if (i > 0) line += format_.delimiter;
      append(line, field, fields.size() == 1 && field.empty());
    }
    if (static_cast<Index>(line.size() + line_end_.size()) > format_.max_row_bytes)
      fail(concat("the row is longer than ", format_.max_row_bytes, " bytes"));
    line += line_end_;
    put(line);
    width_ = fields.size();
    ++rows_;
  }
  void write(std::initializer_list<std::string_view> fields) { write(std::span(fields.begin(), fields.size())); }
  void write(std::span<const std::string> fields) {
    const std::vector<std::string_view> views(fields.begin(), fields.end());
    write(std::span<const std::string_view>(views));
  }

  /// Flushes to the stream, or moves the file to its place. Nothing may be written afterwards.
  /// @throws IoError when that fails: an older file is unchanged then.
  void close() {
    if (out_ != nullptr) {
      out_->flush();
      if (!*out_) throw IoError(name_, "writing failed");
    } else if (file_) {
      put({}, true);
      file_->commit();
      file_.reset();
    }
  }

 private:
  void check_options() const {
    check_format("DelimitedWriter", format_);
    if (line_end_ != "\n" && line_end_ != "\r\n")
      throw ConfigError("[DelimitedWriter] the line end must be \"\\n\" or \"\\r\\n\"");
  }

  void put(std::string_view text, bool all = false) {
    constexpr std::size_t kBufferBytes = std::size_t{1} << 16;
    if (out_ != nullptr) {
      out_->write(text.data(), static_cast<std::streamsize>(text.size()));
      if (!*out_) throw IoError(name_, "writing failed");
      return;
    }
    if (!file_) throw IoError(name_, "cannot write: the file has been closed");
    buffer_ += text;
    if (buffer_.size() < kBufferBytes && !all) return;
    try {
      file_->write(std::exchange(buffer_, {}));
    } catch (...) {
      file_.reset();  // not moved to its place, as a row is missing
      throw;
    }
  }

  [[noreturn]] void fail(const std::string& message) const {
    throw ValueError(concat("[DelimitedWriter] row ", rows_, " of ", name_, ": ", message));
  }

  void append(std::string& line, std::string_view field, bool looks_blank) const {
    const bool mark = rows_ == 0 && line.empty() && field.starts_with("\xEF\xBB\xBF");
    const bool splits = field.find_first_of("\r\n") != std::string_view::npos ||
                        field.find(format_.delimiter) != std::string_view::npos;
    if (format_.quoting == Quoting::kNone) {
      if (mark || splits || looks_blank)
        fail(concat(
            "without quoting a field can hold no delimiter or line end, begin the table with a byte order mark, or ",
            "be the only one and empty, but is \"", field, "\""));
      line += field;
      return;
    }
    if (!mark && !splits && !looks_blank && field.find('"') == std::string_view::npos) {
      line += field;
      return;
    }
    line += '"';
    for (const char c : field) line.append(c == '"' ? 2U : 1U, c);
    line += '"';
  }

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
