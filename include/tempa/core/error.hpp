// The types of errors. Every message says who complains, what was expected and what was given instead.
#pragma once

#include <tempa/core/config.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// One argument of `concat` with its type erased: text, or a value and the function that writes it.
class TextPiece {
 public:
  TextPiece(std::string_view text) : text_(text) {}  // NOLINT(google-explicit-constructor)
  template <typename T>
  requires(!std::convertible_to<const T&, std::string_view>)
      TextPiece(const T& value)  // NOLINT(google-explicit-constructor)
      : value_(&value), write_([](std::ostream& out, const void* any) { out << *static_cast<const T*>(any); }) {}

  friend std::ostream& operator<<(std::ostream& out, const TextPiece& piece) {
    if (piece.write_ == nullptr) return out << piece.text_;
    piece.write_(out, piece.value_);
    return out;
  }

 private:
  std::string_view text_;
  const void* value_ = nullptr;
  void (*write_)(std::ostream&, const void*) = nullptr;
};

/// Not inlined, and marked as rarely called: nearly every `throw` calls `concat`.
std::string join(std::initializer_list<TextPiece> pieces);

}  // namespace detail

/// Joins its arguments by `operator<<`: `concat("expected ", 3)` is "expected 3".
template <typename... Args>
std::string concat(const Args&... args) {
  return detail::join({detail::TextPiece(args)...});
}

/// Base of every exception that tempa throws by itself.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A tensor has another shape than the operation takes.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// An argument or an element of the data is outside its domain (a label, an index, a probability).
class ValueError : public Error {
 public:
  using Error::Error;
};

/// A requested device is not available, or tensors are on different devices.
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// The CUDA runtime, cuBLAS or cuDNN reported a failure.
class CudaError : public Error {
 public:
  using Error::Error;
};

/// A buffer could not be allocated; nothing was changed.
class OutOfMemoryError : public Error {
 public:
  using Error::Error;
};

/// A configuration or an option is impossible, or needs a part that this build does not have.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A loss or gradient became NaN or infinite.
class NumericalError : public Error {
 public:
  using Error::Error;
};

/// A file could not be opened, read or written.
class IoError : public Error {
 public:
  /// @param path the file; @param message what was tried and what happened.
  IoError(std::string path, const std::string& message) : Error(concat(path, ": ", message)), path_(std::move(path)) {}
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A file's content breaks the rules of its format.
class FormatError : public Error {
 public:
  /// @param path the file; @param line 1-based, 0 where lines mean nothing; @param message expected and actual content.
  FormatError(std::string path, std::int64_t line, const std::string& message);
  const std::string& path() const { return path_; }
  /// 1-based line, or 0 where the format has no lines.
  std::int64_t line() const { return line_; }

 private:
  std::string path_;
  std::int64_t line_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/impl/error.ipp>
#endif
