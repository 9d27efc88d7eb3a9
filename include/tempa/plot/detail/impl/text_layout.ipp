// The bodies of <tempa/plot/detail/text_layout.hpp>.
#pragma once

#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Advances of wide common sans-serif fonts in hundredths of the font size; nothing for most scripts.
inline std::optional<double> common_advance(char32_t c) {
  constexpr std::uint8_t kAscii[] = {32, 36, 42, 74, 62, 90, 72, 26, 38, 38, 48, 74, 30, 38, 30, 38, 62, 62, 62,
                                     62, 62, 62, 62, 62, 62, 62, 32, 32, 74, 74, 74, 52, 94, 66, 66, 68, 72, 60,
                                     56, 73, 72, 29, 44, 64, 56, 82, 72, 76, 60, 76, 66, 62, 60, 70, 64, 94, 64,
                                     60, 62, 38, 38, 38, 74, 50, 40, 59, 62, 54, 62, 60, 36, 62, 60, 27, 27, 56,
                                     27, 92, 60, 61, 62, 62, 41, 52, 39, 60, 56, 80, 56, 56, 53, 52, 32, 52, 74};
  struct Range {
    char32_t first, last;
    std::uint8_t advance;
  };
  constexpr Range kOthers[] = {
      {U'\u00A0', U'\u00A0', 32}, {U'\u00B2', U'\u00B3', 39}, {U'\u00B9', U'\u00B9', 39},  {U'\u00C6', U'\u00C6', 93},
      {U'\u00D7', U'\u00D7', 74}, {U'\u00E6', U'\u00E6', 95}, {U'\u0152', U'\u0153', 100}, {U'\u2013', U'\u2013', 50},
      {U'\u2014', U'\u2014', 90}, {U'\u2026', U'\u2026', 86}, {U'\u2070', U'\u2079', 39},  {U'\u207A', U'\u207B', 46},
      {U'\u2080', U'\u2089', 39}, {U'\u2190', U'\u2193', 90}, {U'\u2212', U'\u2212', 74},  {U'\u2248', U'\u2265', 74}};
  if (c >= U' ' && c <= U'~') return kAscii[c - U' '];
  for (const Range& range : kOthers)
    if (c >= range.first && c <= range.last) return range.advance;
  return std::nullopt;
}

/// The room for a code point in hundredths of the font size.
inline double code_point_width(char32_t c) {
  constexpr double kReserve = 1.06;
  if (const auto advance = common_advance(c)) return kReserve * *advance;
  const int columns = utf8proc_charwidth(static_cast<utf8proc_int32_t>(c));
  if (columns == 0) return 0;
  if (columns == 2) return 100;
  if (const auto base = common_advance(nfd(std::u32string_view(&c, 1)).front())) return kReserve * *base;
  return 64;
}

/// Lengths of the parts that must not be torn: letters with what is written on them.
inline std::vector<std::size_t> grapheme_ends(std::u32string_view text) {
  std::vector<std::size_t> ends;
  utf8proc_int32_t state = 0;
  for (std::size_t i = 1; i < text.size(); ++i)
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(text[i - 1]),
                                         static_cast<utf8proc_int32_t>(text[i]), &state))
      ends.push_back(i);
  if (!text.empty()) ends.push_back(text.size());
  return ends;
}

}  // namespace detail

TEMPA_INLINE double drawn_width(std::u32string_view text, double size, bool bold) {
  double width = 0;
  for (const char32_t c : text) width += detail::code_point_width(c);
  return width * size / 100 * (bold ? 1.14 : 1.0);
}

TEMPA_INLINE double drawn_width(std::string_view text, double size, bool bold) {
  return drawn_width(to_utf32(text), size, bold);
}

TEMPA_INLINE std::vector<std::string> fit_text(std::string_view text, double size, double max_width,
                                               std::size_t max_lines, bool bold) {
  std::u32string rest;
  for (const char32_t c : to_utf32(text)) {
    const bool space = is_white_space(c) || category(c) == UTF8PROC_CATEGORY_CC;
    if (!space) rest += c;
    if (space && !rest.empty() && rest.back() != U' ') rest += U' ';
  }
  while (!rest.empty() && rest.back() == U' ') rest.pop_back();
  std::vector<std::string> lines;
  while (lines.size() < max_lines) {
    if (drawn_width(rest, size, bold) <= max_width) {
      lines.push_back(to_utf8(rest));
      return lines;
    }
    const bool last = lines.size() + 1 == max_lines;
    const double room = last ? max_width - drawn_width(U"…", size, bold) : max_width;
    std::size_t fits = 0, good = 0;  // ends of what fits, and of what may end a line
    for (const std::size_t end : detail::grapheme_ends(rest)) {
      if (drawn_width(std::u32string_view(rest).substr(0, end), size, bold) > room && fits > 0) break;
      fits = end;
      const bool wide = utf8proc_charwidth(static_cast<utf8proc_int32_t>(rest[end - 1])) == 2;
      if (end < rest.size() &&
          (wide || rest[end] == U' ' || rest[end - 1] == U'-' || rest[end - 1] == U'/' || rest[end - 1] == U'_'))
        good = end;
    }
    if (last || good == 0) good = fits;
    std::u32string line = rest.substr(0, good);
    rest.erase(0, good);
    while (!line.empty() && line.back() == U' ') line.pop_back();
    while (!rest.empty() && rest.front() == U' ') rest.erase(rest.begin());
    if (last) line += U'…';
    lines.push_back(to_utf8(line));
  }
  return lines;
}

TEMPA_INLINE double drawn_width(const std::vector<std::string>& lines, double size, bool bold) {
  double width = 0;
  for (const std::string& line : lines) width = std::max(width, drawn_width(line, size, bold));
  return width;
}

TEMPA_INLINE bool is_right_to_left(std::string_view text) {
  for (const char32_t c : to_utf32(text)) {
    const auto direction = detail::property(c).bidi_class;
    if (direction == UTF8PROC_BIDI_CLASS_R || direction == UTF8PROC_BIDI_CLASS_AL) return true;
    if (direction == UTF8PROC_BIDI_CLASS_L) return false;
  }
  return false;
}

}  // namespace tempa::inline TEMPA_ABI
