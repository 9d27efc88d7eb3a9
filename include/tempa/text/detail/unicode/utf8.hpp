// UTF-8: strict decoding (no overlong forms, no surrogates, nothing above U+10FFFF), encoding, counting.
#pragma once

#include <tempa/core/config.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// One code point and the number of bytes it was encoded in; `size` 0 marks invalid UTF-8.
struct DecodedCodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

/// Decodes the code point that starts at byte `position`.
/// @param text UTF-8. @param position less than text.size().
/// @return the code point and its length; length 0 where the bytes are not valid UTF-8.
/// @source The Unicode Standard, table 3-7 (well-formed byte sequences).
DecodedCodePoint decode_utf8(std::string_view text, std::size_t position);

/// Finds the first byte that breaks UTF-8.
/// @return its offset, or nothing when all of `text` is valid.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// Lets valid UTF-8 pass.
/// @param who the function named in the error.
/// @throws ValueError with the byte offset of the first invalid byte.
void require_valid_utf8(std::string_view who, std::string_view text);

/// Appends `code_point` (a scalar value: at most U+10FFFF, no surrogate) to `out` in UTF-8.
void append_utf8(std::string& out, char32_t code_point);

/// Appends the code points of `text` to `out`.
/// @throws ValueError where `text` is not valid UTF-8.
void append_utf32(std::u32string& out, std::string_view text);

/// @return the code points of `text`. @throws ValueError where `text` is not valid UTF-8.
std::u32string to_utf32(std::string_view text);

/// @return `text` in UTF-8. @param text scalar values.
std::string to_utf8(std::u32string_view text);

/// @return the number of code points in valid UTF-8.
std::size_t count_code_points(std::string_view text);

/// Where the last code point of `text` (not empty, valid UTF-8) begins.
std::size_t last_code_point(std::string_view text);

/// `text`, valid UTF-8, without the code points at its end that `is_space` names.
template <typename IsSpace>
std::string_view trim_right(std::string_view text, const IsSpace& is_space) {
  while (!text.empty()) {
    const std::size_t start = last_code_point(text);
    if (!is_space(decode_utf8(text, start).value)) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

/// `text`, valid UTF-8, without the code points at its begin that `is_space` names.
template <typename IsSpace>
std::string_view trim_left(std::string_view text, const IsSpace& is_space) {
  while (!text.empty()) {
    const DecodedCodePoint first = decode_utf8(text, 0);
    if (!is_space(first.value)) break;
    text.remove_prefix(first.size);
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/detail/unicode/impl/utf8.ipp>
#endif
