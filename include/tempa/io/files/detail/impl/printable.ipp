// The bodies of <tempa/io/files/detail/printable.hpp>.
#pragma once

#include <tempa/io/files/detail/printable.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::string printable(std::string_view text, std::size_t max_bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::size_t shown = text.size();
  if (shown > max_bytes) {
    shown = max_bytes;
    while (shown > 0 && (static_cast<unsigned char>(text[shown]) & 0xc0u) == 0x80u) --shown;  // not inside a character
  }
  std::string result = "'";
  for (const char c : text.substr(0, shown)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20u || byte == 0x7fu) {
      result += "\\x";
      result += kHex[byte >> 4];
      result += kHex[byte & 15u];
    } else {
      result += c;
    }
  }
  return result + (shown < text.size() ? "…'" : "'");
}

}  // namespace tempa::inline TEMPA_ABI
