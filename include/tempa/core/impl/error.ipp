// The bodies of <tempa/core/error.hpp>.
#pragma once

#include <tempa/core/error.hpp>

#include <sstream>

namespace tempa::inline TEMPA_ABI {

namespace detail {

[[gnu::cold, gnu::noinline]] TEMPA_INLINE std::string join(std::initializer_list<TextPiece> pieces) {
  std::ostringstream out;
  for (const TextPiece& piece : pieces) out << piece;
  return std::move(out).str();
}

}  // namespace detail

TEMPA_INLINE FormatError::FormatError(std::string path, std::int64_t line, const std::string& message)
    : Error(line > 0 ? concat(path, ":", line, ": ", message) : concat(path, ": ", message)),
      path_(std::move(path)),
      line_(line) {}

}  // namespace tempa::inline TEMPA_ABI
