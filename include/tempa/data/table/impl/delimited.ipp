// The bodies of <tempa/data/table/delimited.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/data/table/delimited.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE DelimitedFormat DelimitedFormat::csv(bool has_header) {
  return {.delimiter = ',', .quoting = Quoting::kRfc4180, .header = has_header};
}

TEMPA_INLINE void check_format(std::string_view who, const DelimitedFormat& format) {
  const auto byte = static_cast<unsigned char>(format.delimiter);
  if (byte == 0 || byte >= 0x80 || byte == '\n' || byte == '\r' || byte == '"')
    throw ConfigError(concat("[", who,
                             "] the delimiter must be one ASCII byte that is no quote or line end but is byte ",
                             static_cast<int>(byte)));
  if (format.max_row_bytes < 1)
    throw ConfigError(concat("[", who, "] max_row_bytes must be positive but is ", format.max_row_bytes));
}

TEMPA_INLINE std::string_view DelimitedRow::operator[](Index i) const {
  if (i < 0 || i >= size()) throw ValueError(concat("[DelimitedRow] field ", i, " is outside of ", size(), " fields"));
  const std::size_t begin = i == 0 ? 0 : ends_[static_cast<std::size_t>(i - 1)];
  return std::string_view(text_).substr(begin, ends_[static_cast<std::size_t>(i)] - begin);
}

TEMPA_INLINE std::vector<std::string> DelimitedRow::to_vector() const {
  std::vector<std::string> fields;
  fields.reserve(ends_.size());
  for (Index i = 0; i < size(); ++i) fields.emplace_back((*this)[i]);
  return fields;
}

TEMPA_INLINE DelimitedReader::DelimitedReader(const std::filesystem::path& path, DelimitedFormat format)
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

TEMPA_INLINE DelimitedReader::DelimitedReader(std::istream& in, std::string name, DelimitedFormat format)
    : name_(std::move(name)), format_(format), in_(in.rdbuf()) {
  check_format("DelimitedReader", format_);
  if (!in) throw IoError(name_, "cannot read the stream");
  start();
}

TEMPA_INLINE Index DelimitedReader::column(const Column& column) const {
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

TEMPA_INLINE bool DelimitedReader::next() {
  if (std::exchange(pending_, false)) return true;
  if (!read_row()) return false;
  if (!format_.ragged && row_.size() != width_)
    throw FormatError(name_, row_.line_, concat("expected ", width_, " fields but has ", row_.size()));
  return true;
}

TEMPA_INLINE auto DelimitedReader::Iterator::operator++() -> Iterator& {
  if (!reader_->next()) reader_ = nullptr;
  return *this;
}

TEMPA_INLINE void DelimitedReader::start() {
  if (!read_row()) throw FormatError(name_, 0, "expected at least one row but the file is empty");
  width_ = row_.size();
  first_line_ = row_.line_;
  if (format_.header) {
    header_ = row_.to_vector();
  } else {
    pending_ = true;
  }
}

TEMPA_INLINE bool DelimitedReader::read_row() {
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

TEMPA_INLINE bool DelimitedReader::parse_row() {
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

TEMPA_INLINE void DelimitedReader::check_whole() const {
  if (file_bytes_ == 0) return;
  const std::streamoff read = in_->pubseekoff(0, std::ios::cur, std::ios::in);
  if (read >= 0 && static_cast<std::uintmax_t>(read) < file_bytes_)
    throw IoError(name_, concat("became shorter while it was read: ", read, " of ", file_bytes_, " bytes"));
}

TEMPA_INLINE std::string DelimitedReader::nul_message() const {
  const bool utf16 = row_.line_ == 1 && (row_.text_.starts_with("\xFF\xFE") || row_.text_.starts_with("\xFE\xFF"));
  return utf16 ? "expected UTF-8 but the file is UTF-16" : "expected text but has a NUL byte";
}

TEMPA_INLINE void DelimitedReader::check_utf8() const {
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

}  // namespace tempa::inline TEMPA_ABI
