// Writes JSON text directly: for fields in a fixed order, and for numbers that read back to the same bits.
#pragma once

#include <tempa/core/config.hpp>

#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Appends `text` in quotes, escaped. @param text UTF-8, which stays as it is.
void append_json(std::string& out, std::string_view text);

/// Appends the shortest number that reads back as `value`; null for NaN and infinities, which JSON does not have.
template <std::floating_point T>
void append_json(std::string& out, T value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/detail/json/impl/json_text.ipp>
#endif
