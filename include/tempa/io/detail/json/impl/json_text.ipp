// The bodies of <tempa/io/detail/json/json_text.hpp>.
#pragma once

#include <tempa/io/detail/json/json_text.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void append_json(std::string& out, std::string_view text) {
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

}  // namespace tempa::inline TEMPA_ABI
