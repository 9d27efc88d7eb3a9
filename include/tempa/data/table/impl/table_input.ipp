// The bodies of <tempa/data/table/table_input.hpp>.
#pragma once

#include <tempa/data/table/table_input.hpp>

#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE const std::string& ReplayBuffer::peek(std::size_t bytes, bool line) {
  bool blank = true;
  while (peeked_.size() < bytes) {
    const int_type next = source_->sbumpc();
    if (traits_type::eq_int_type(next, traits_type::eof())) break;
    peeked_ += traits_type::to_char_type(next);
    const bool end = peeked_.back() == '\n' || peeked_.back() == '\r';
    if (line && end && !blank) break;
    blank = blank && end;
  }
  setg(peeked_.data(), peeked_.data(), peeked_.data() + peeked_.size());
  return peeked_;
}

}  // namespace detail

TEMPA_INLINE TableInput::TableInput(std::filesystem::path path, Peek peek)
    : path_(std::move(path)), name_(path_.string()) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (!std::filesystem::exists(status) || std::filesystem::is_directory(status)) return;
  auto file = std::make_unique<std::ifstream>(path_, std::ios::binary);
  if (!*file) return;
  if (std::filesystem::is_regular_file(status)) {
    detail::ReplayBuffer buffer(file->rdbuf());
    keep(buffer, Peek::kStart);
  } else {
    file_ = std::move(file);
    take(file_->rdbuf(), peek);
  }
}

TEMPA_INLINE TableInput::TableInput(std::istream& in, std::string name, Peek peek) : name_(std::move(name)) {
  take(in.rdbuf(), peek);
}

TEMPA_INLINE DelimitedReader TableInput::reader(const DelimitedFormat& format) {
  return stream_ ? DelimitedReader(*stream_, name_, format) : DelimitedReader(path_, format);
}

TEMPA_INLINE void TableInput::take(std::streambuf* source, Peek peek) {
  buffer_ = std::make_unique<detail::ReplayBuffer>(source);
  keep(*buffer_, peek);
  stream_ = std::make_unique<std::istream>(buffer_.get());
}

TEMPA_INLINE void TableInput::keep(detail::ReplayBuffer& buffer, Peek peek) {
  try {
    start_.text = buffer.peek(kStartBytes, peek == Peek::kFirstLine);
  } catch (const std::ios_base::failure&) {
    start_.text.clear();  // the reader will report it
  }
  start_.whole = peek == Peek::kStart && start_.text.size() < kStartBytes;
  if (start_.text.size() < kStartBytes) return;
  const std::size_t end = start_.text.find_last_of("\r\n");
  start_.text.resize(end == std::string::npos ? 0 : end + 1);
}

}  // namespace tempa::inline TEMPA_ABI
