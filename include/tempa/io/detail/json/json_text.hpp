// Writes JSON text directly: for fields in a fixed order, and for numbers that read back to the same bits.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <charconv>
#include <cmath>
#include <concepts>
#include <string>
#include <string_view>

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// Appends `text` in quotes, escaped. @param text UTF-8, which stays as it is.
inline void append_json(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U) {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : c == '\t' ? "\\t" : "\\u00";
      if (c != '\n' && c != '\r' && c != '\t') {
        out += kHex[byte >> 4];
        out += kHex[byte & 15U];
      }
    } else {
      out += c;
    }
  }
  out += '"';
}

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
