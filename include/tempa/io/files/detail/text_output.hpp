// Buffered text output to a file or to standard output that reports every failure.
#pragma once

#include <tempa/io/files/detail/descriptor.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include <unistd.h>

namespace tempa::inline TEMPA_ABI {

/// Appends text to a file, a pipe, a device or a terminal. Unlike `AtomicFile` it is for output that is used while it
/// grows: what was flushed stays, whatever happens afterwards.
class TextOutput {
 public:
  /// Creates or empties a file. @throws IoError.
  explicit TextOutput(std::string path);
  /// Writes to standard output, which stays open.
  static TextOutput standard_output() { return TextOutput(); }

  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;
  /// Flushes what is left and ignores failures: call `close` to have them reported.
  ~TextOutput();

  /// Appends. @throws IoError when the disk is full or fails; ClosedPipeError when the reader of a pipe has gone.
  void write(std::string_view text);
  /// Passes everything to the system. @throws as `write`.
  void flush();
  /// Flushes, and closes a file. Nothing may be written after it. @throws as `write`.
  void close();

 private:
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

  TextOutput() : path_("standard output"), own_(-1), number_(STDOUT_FILENO) {}

  std::string path_;
  detail::Descriptor own_;
  int number_;
  std::string buffer_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/text_output.ipp>
#endif
