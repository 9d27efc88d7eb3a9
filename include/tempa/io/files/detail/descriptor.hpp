// File descriptors that close themselves, and writing to them so that every failure reaches the caller.
#pragma once

#include <tempa/core/error.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <unistd.h>

namespace tempa::inline TEMPA_ABI {

/// The reader of the pipe that is written to has closed it: not a failure, but nobody wants more.
/// A program gets it only if it ignores SIGPIPE, which otherwise ends it.
class ClosedPipeError : public IoError {
 public:
  using IoError::IoError;
};

namespace detail {

/// "cannot open: No such file or directory" of the last failed system call. @throws IoError always.
[[noreturn]] void throw_system_error(const std::string& path, std::string_view what);

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor();
  int number() const { return number_; }
  /// Closes now. @return false with errno where the system reports a failure.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

/// Writes all of `bytes`, by as many calls as it takes, and waits while a pipe or terminal takes no more.
/// @return how many were written: fewer, with the reason in errno, when the system reports a failure.
std::size_t write_all(int descriptor, std::span<const std::byte> bytes);
std::size_t write_all(int descriptor, std::string_view text);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/descriptor.ipp>
#endif
