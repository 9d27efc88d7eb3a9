// The bodies of <tempa/io/files/detail/text_output.hpp>.
#pragma once

#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/io/files/detail/output_target.hpp>
#include <tempa/io/files/detail/text_output.hpp>
#include <tempa/io/files/file.hpp>

#include <fcntl.h>
#include <cerrno>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE TextOutput::TextOutput(std::string path)
    : path_(std::move(path)),
      own_(detail::open_growing(path_, O_TRUNC, "cannot write the file").descriptor),
      number_(own_.number()) {}

TEMPA_INLINE TextOutput::~TextOutput() {
  try {
    flush();
  } catch (const IoError&) {
  }
}

TEMPA_INLINE void TextOutput::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

TEMPA_INLINE void TextOutput::flush() {
  const std::string text = std::exchange(buffer_, {});  // what could not be written is not tried again
  if (detail::write_all(number_, text) == text.size()) return;
  if (errno == EPIPE) throw ClosedPipeError(path_, "the reader of the pipe has gone");
  detail::throw_system_error(path_, "cannot write");
}

TEMPA_INLINE void TextOutput::close() {
  flush();
  if (own_.number() >= 0 && !own_.close()) detail::throw_system_error(path_, "cannot close");
}

}  // namespace tempa::inline TEMPA_ABI
