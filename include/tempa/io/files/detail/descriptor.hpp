// File descriptors that close themselves, and writing to them so that every failure reaches the caller.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// The reader of the pipe that is written to has closed it: not a failure, but nobody wants more.
/// A program gets it only if it ignores SIGPIPE, which otherwise ends it.
class ClosedPipeError : public IoError {
 public:
  using IoError::IoError;
};

namespace detail {

/// "cannot open: No such file or directory" of the last failed system call. @throws IoError always.
[[noreturn]] inline void throw_system_error(const std::string& path, std::string_view what) {
  throw IoError(path, concat(what, ": ", std::generic_category().message(errno)));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  /// Closes now. @return false with errno where the system reports a failure.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

/// While it lives, a write of this thread beyond the limit of file sizes (`ulimit -f`) fails with EFBIG, and the signal
/// SIGXFSZ, which would end the process, is blocked and discarded. Signals of other threads, and what the process
/// does about them, stay as they are; so does errno.
class FileSizeSignalHeld {
 public:
  FileSizeSignalHeld() {
    ::sigemptyset(&signal_);
    ::sigaddset(&signal_, SIGXFSZ);
    came_before_ = is_pending();
    ::pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~FileSizeSignalHeld() {
    const int reason = errno;
    constexpr timespec kAtOnce = {};
    if (!came_before_ && is_pending()) ::sigtimedwait(&signal_, nullptr, &kAtOnce);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = reason;
  }
  FileSizeSignalHeld(const FileSizeSignalHeld&) = delete;
  FileSizeSignalHeld& operator=(const FileSizeSignalHeld&) = delete;

 private:
  static bool is_pending() {
    sigset_t pending;
    return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGXFSZ) == 1;
  }

  sigset_t signal_, before_;
  bool came_before_ = false;
};

/// Writes all of `bytes`, by as many calls as it takes, and waits while a pipe or terminal takes no more.
/// @return how many were written: fewer, with the reason in errno, when the system reports a failure.
inline std::size_t write_all(int descriptor, std::span<const std::byte> bytes) {
  constexpr std::size_t kChunkBytes = std::size_t{1} << 30;  // one call writes less than 2 GiB
  const FileSizeSignalHeld held;
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto rest = bytes.subspan(written);
    const ssize_t count = ::write(descriptor, rest.data(), std::min(rest.size(), kChunkBytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {  // the descriptor is non-blocking
      pollfd ready{descriptor, POLLOUT, 0};
      if (::poll(&ready, 1, -1) >= 0 || errno == EINTR) continue;
    }
    if (count < 0) break;
    written += static_cast<std::size_t>(count);
  }
  return written;
}
inline std::size_t write_all(int descriptor, std::string_view text) {
  return write_all(descriptor, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
