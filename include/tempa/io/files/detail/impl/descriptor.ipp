// The bodies of <tempa/io/files/detail/descriptor.hpp>.
#pragma once

#include <tempa/io/files/detail/descriptor.hpp>

#include <poll.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE void throw_system_error(const std::string& path, std::string_view what) {
  throw IoError(path, concat(what, ": ", std::generic_category().message(errno)));
}

TEMPA_INLINE Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

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

TEMPA_INLINE std::size_t write_all(int descriptor, std::span<const std::byte> bytes) {
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

TEMPA_INLINE std::size_t write_all(int descriptor, std::string_view text) {
  return write_all(descriptor, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace tempa::inline TEMPA_ABI::detail
