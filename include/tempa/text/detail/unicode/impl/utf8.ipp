// The bodies of <tempa/text/detail/unicode/utf8.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cstdint>
#include <cstring>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE DecodedCodePoint decode_utf8(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<unsigned char>(text[position + i]); };
  const std::size_t left = text.size() - position;
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {static_cast<char32_t>(lead), 1};
  const std::size_t size = lead >= 0xC2 && lead <= 0xDF ? 2 : lead >= 0xE0 && lead <= 0xEF ? 3 : 4;
  if (lead < 0xC2 || lead > 0xF4 || left < size) return {};
  const std::uint32_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint32_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return {};
  std::uint32_t value = ((lead & (0x7FU >> size)) << 6) | (byte(1) & 0x3FU);
  for (std::size_t i = 2; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  return {static_cast<char32_t>(value), size};
}

TEMPA_INLINE std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.size() - i >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + i, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        i += 8;
        continue;
      }
    }
    const DecodedCodePoint decoded = decode_utf8(text, i);
    if (decoded.size == 0) return i;
    i += decoded.size;
  }
  return std::nullopt;
}

TEMPA_INLINE void require_valid_utf8(std::string_view who, std::string_view text) {
  if (const auto offset = find_invalid_utf8(text)) {
    constexpr char kDigits[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(text[*offset]);
    throw ValueError(concat("[", who, "] expected valid UTF-8 but byte offset ", *offset,
                            " has an invalid sequence (0x", kDigits[byte >> 4], kDigits[byte & 15], ")"));
  }
}

TEMPA_INLINE void append_utf8(std::string& out, char32_t code_point) {
  const auto c = static_cast<std::uint32_t>(code_point);
  const auto tail = [](std::uint32_t bits) { return static_cast<char>(0x80U | (bits & 0x3FU)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0U | (c >> 6));
    out += tail(c);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0U | (c >> 12));
    out += tail(c >> 6);
    out += tail(c);
  } else {
    out += static_cast<char>(0xF0U | (c >> 18));
    out += tail(c >> 12);
    out += tail(c >> 6);
    out += tail(c);
  }
}

TEMPA_INLINE void append_utf32(std::u32string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, i);
    if (decoded.size == 0) require_valid_utf8("to_utf32", text);
    out += decoded.value;
    i += decoded.size;
  }
}

TEMPA_INLINE std::u32string to_utf32(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  append_utf32(out, text);
  return out;
}

TEMPA_INLINE std::string to_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

TEMPA_INLINE std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1U : 0U;
  return count;
}

TEMPA_INLINE std::size_t last_code_point(std::string_view text) {
  std::size_t start = text.size() - 1;
  while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U) --start;
  return start;
}

}  // namespace tempa::inline TEMPA_ABI
