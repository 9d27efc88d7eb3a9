// Typed errors. Every message says who complains, what was expected and what came.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Joins its arguments by `operator<<`: `concat("expected ", 3)` is "expected 3".
template <typename... Args>
std::string concat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return std::move(out).str();
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

/// A device was asked for that is not there, or tensors live on different devices.
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
  /// @param path the file; @param message what was tried and what came.
  IoError(std::string path, const std::string& message) : Error(concat(path, ": ", message)), path_(std::move(path)) {}
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A file's content breaks the rules of its format.
class FormatError : public Error {
 public:
  /// @param path the file; @param line 1-based, 0 where lines mean nothing; @param message expected and actual content.
  FormatError(std::string path, std::int64_t line, const std::string& message)
      : Error(line > 0 ? concat(path, ":", line, ": ", message) : concat(path, ": ", message)),
        path_(std::move(path)),
        line_(line) {}
  const std::string& path() const { return path_; }
  /// 1-based line, or 0 where the format has no lines.
  std::int64_t line() const { return line_; }

 private:
  std::string path_;
  std::int64_t line_;
};

}  // namespace tempa::inline TEMPA_ABI
