// Buffered text output to a file or to standard output that reports every failure.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/output_target.hpp>
#include <tempa/io/files/file.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// Appends text to a file, a pipe, a device or a terminal. Unlike `AtomicFile` it is for output that is used while it
/// grows: what was flushed stays, whatever happens afterwards.
class TextOutput {
 public:
  /// Creates or empties a file. @throws IoError.
  explicit TextOutput(std::string path)
      : path_(std::move(path)),
        own_(detail::open_growing(path_, O_TRUNC, "cannot write the file").descriptor),
        number_(own_.number()) {}
  /// Writes to standard output, which stays open.
  static TextOutput standard_output() { return TextOutput(); }

  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;
  /// Flushes what is left and ignores failures: call `close` to have them reported.
  ~TextOutput() {
    try {
      flush();
    } catch (const IoError&) {
    }
  }

  /// Appends. @throws IoError when the disk is full or fails; ClosedPipeError when the reader of a pipe has gone.
  void write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBufferBytes) flush();
  }
  /// Passes everything to the system. @throws as `write`.
  void flush() {
    const std::string text = std::exchange(buffer_, {});  // what could not be written is not tried again
    if (detail::write_all(number_, text) == text.size()) return;
    if (errno == EPIPE) throw ClosedPipeError(path_, "the reader of the pipe has gone");
    detail::throw_system_error(path_, "cannot write");
  }
  /// Flushes, and closes a file. Nothing may be written after it. @throws as `write`.
  void close() {
    flush();
    if (own_.number() >= 0 && !own_.close()) detail::throw_system_error(path_, "cannot close");
  }

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

  TextOutput() : path_("standard output"), own_(-1), number_(STDOUT_FILENO) {}

  std::string path_;
  detail::Descriptor own_;
  int number_;
  std::string buffer_;
};

}  // namespace tempa::inline TEMPA_ABI
