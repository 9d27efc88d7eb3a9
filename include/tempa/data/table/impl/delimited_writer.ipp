// The bodies of <tempa/data/table/delimited_writer.hpp>.
#pragma once

#include <tempa/data/table/delimited_writer.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE DelimitedWriter::DelimitedWriter(const std::filesystem::path& path, DelimitedFormat format,
                                              std::string line_end)
    : name_(path.string()), format_(format), line_end_(std::move(line_end)) {
  check_options();
  file_.emplace(name_);
}

TEMPA_INLINE DelimitedWriter::~DelimitedWriter() {
  if (!file_ || std::uncaught_exceptions() > exceptions_) return;
  try {
    close();
  } catch (const Error&) {
  }
}

TEMPA_INLINE DelimitedWriter::DelimitedWriter(std::ostream& out, std::string name, DelimitedFormat format,
                                              std::string line_end)
    : name_(std::move(name)), format_(format), line_end_(std::move(line_end)), out_(&out) {
  check_options();
}

TEMPA_INLINE void DelimitedWriter::write(std::span<const std::string_view> fields) {
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

TEMPA_INLINE void DelimitedWriter::write(std::span<const std::string> fields) {
  const std::vector<std::string_view> views(fields.begin(), fields.end());
  write(std::span<const std::string_view>(views));
}

TEMPA_INLINE void DelimitedWriter::close() {
  if (out_ != nullptr) {
    out_->flush();
    if (!*out_) throw IoError(name_, "writing failed");
  } else if (file_) {
    put({}, true);
    file_->commit();
    file_.reset();
  }
}

TEMPA_INLINE void DelimitedWriter::check_options() const {
  check_format("DelimitedWriter", format_);
  if (line_end_ != "\n" && line_end_ != "\r\n")
    throw ConfigError("[DelimitedWriter] the line end must be \"\\n\" or \"\\r\\n\"");
}

TEMPA_INLINE void DelimitedWriter::put(std::string_view text, bool all) {
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

TEMPA_INLINE void DelimitedWriter::fail(const std::string& message) const {
  throw ValueError(concat("[DelimitedWriter] row ", rows_, " of ", name_, ": ", message));
}

TEMPA_INLINE void DelimitedWriter::append(std::string& line, std::string_view field, bool looks_blank) const {
  const bool mark = rows_ == 0 && line.empty() && field.starts_with("\xEF\xBB\xBF");
  const bool splits =
      field.find_first_of("\r\n") != std::string_view::npos || field.find(format_.delimiter) != std::string_view::npos;
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

}  // namespace tempa::inline TEMPA_ABI
