// The built-in font: which texts it can draw, how wide they are, and their strokes.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/plot/built_in_glyphs.hpp>
#include <tempa/plot/scene.hpp>
#include <tempa/text/unicode/unicode.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <numbers>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI::detail {

/// Strokes of a text: open lines of a round pen, and dots as lines of one point.
using Strokes = std::vector<std::vector<Scene::Point>>;

template <std::size_t N>
const Glyph* find_glyph(const Glyph (&glyphs)[N], char32_t c) {
  const auto* glyph = std::lower_bound(std::begin(glyphs), std::end(glyphs), c,
                                       [](const Glyph& g, char32_t value) { return g.code_point < value; });
  return glyph != std::end(glyphs) && glyph->code_point == c ? glyph : nullptr;
}

/// A character of the font, put together: a drawing, perhaps smaller and raised.
struct PlacedGlyph {
  const Glyph* glyph = nullptr;
  double scale = 1;
  double raise = 0;
  double advance() const { return glyph->advance * scale; }
};

/// The glyph of a starter; nothing when the font has none.
inline std::optional<PlacedGlyph> starter_glyph(char32_t c) {
  constexpr double kSmall = 0.62;
  constexpr std::u32string_view kSuperscripts = U"⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", kSubscripts = U"₀₁₂₃₄₅₆₇₈₉₊₋",
                                kPlain = U"0123456789+−";
  if (const std::size_t i = kSuperscripts.find(c); i != std::u32string_view::npos)
    return PlacedGlyph{find_glyph(kGlyphs, kPlain[i]), kSmall, 32};
  if (const std::size_t i = kSubscripts.find(c); i != std::u32string_view::npos)
    return PlacedGlyph{find_glyph(kGlyphs, kPlain[i]), kSmall, -12};
  if (c == 0xA0 || c == 0x202F) c = U' ';
  if (c == 0x2010 || c == 0x2011) c = U'-';
  if (c == 0xB5) c = 0x3BC;  // micro sign
  if (c == 0x110) c = 0xD0;  // D with stroke
  const Glyph* glyph = find_glyph(kGlyphs, c);
  return glyph == nullptr ? std::nullopt : std::optional(PlacedGlyph{glyph});
}

/// Whether the built-in font draws this character, alone or on the letter before it.
inline bool in_built_in_font(char32_t c) {
  for (const char32_t part : nfd(std::u32string_view(&c, 1)))
    if (!starter_glyph(part) && find_glyph(kAccents, part) == nullptr) return false;
  return true;
}

/// Appends a quarter of a rounded ellipse, without its first point.
inline void append_quarter(std::vector<Scene::Point>& line, Scene::Point to, bool begins_horizontally) {
  constexpr int kSteps = 8;
  constexpr double kRoundness = 2.25;  // exponent of a superellipse: 2 is the ellipse
  const Scene::Point from = line.back();
  for (int i = 1; i <= kSteps; ++i) {
    const double angle = std::numbers::pi / 2 * i / kSteps;
    const double s = std::pow(std::sin(angle), 2 / kRoundness),
                 c = 1 - std::pow(std::max(0.0, std::cos(angle)), 2 / kRoundness);
    const double across = begins_horizontally ? s : c, along = begins_horizontally ? c : s;
    line.push_back({from.x + (to.x - from.x) * across, from.y + (to.y - from.y) * along});
  }
}

/// Draws the commands of a glyph (built_in_glyphs.hpp), scaled and then moved.
inline void append_strokes(Strokes& out, std::string_view commands, double scale, double right, double up) {
  const char* at = commands.data();
  const char* const end = at + commands.size();
  const auto number = [&] {
    double value = 0;
    while (at != end && *at == ' ') ++at;
    at = std::from_chars(at, end, value).ptr;
    return value * scale;
  };
  const auto point = [&] {
    const double x = number() + right;
    return Scene::Point{x, number() + up};
  };
  while (at != end) {
    const char command = *at++;
    if (command == 'M') out.push_back({point()});
    if (command == 'D') {  // larger than the pen
      const Scene::Point middle = point();
      out.push_back({{middle.x, middle.y - 1.2 * scale}, {middle.x, middle.y + 1.2 * scale}});
      out.push_back({{middle.x - 1.2 * scale, middle.y}, {middle.x + 1.2 * scale, middle.y}});
    }
    if (command == 'L') out.back().push_back(point());
    if (command == 'h' || command == 'v') append_quarter(out.back(), point(), command == 'h');
    if (command == 'Q') {
      const Scene::Point a = out.back().back(), b = point(), c = point();
      constexpr int kSteps = 8;
      for (int i = 1; i <= kSteps; ++i) {
        const double t = static_cast<double>(i) / kSteps, u = 1 - t;
        out.back().push_back(
            {u * u * a.x + 2 * u * t * b.x + t * t * c.x, u * u * a.y + 2 * u * t * b.y + t * t * c.y});
      }
    }
    if (command == 'O') {
      const Scene::Point center = point();
      const double half_width = number(), half_height = number();
      out.push_back({{center.x, center.y + half_height}});
      append_quarter(out.back(), {center.x + half_width, center.y}, true);
      append_quarter(out.back(), {center.x, center.y - half_height}, false);
      append_quarter(out.back(), {center.x - half_width, center.y}, true);
      append_quarter(out.back(), {center.x, center.y + half_height}, false);
    }
  }
}

/// A line of text in the built-in font, in hundredths of the font size, the first letter at 0.
struct BuiltInText {
  Strokes strokes;
  double width = 0;
};

/// @param text characters that the font has; others are left out.
inline BuiltInText built_in_text(std::u32string_view text) {
  constexpr std::u32string_view kTall = U"bdfhklt";
  BuiltInText result;
  double letter_middle = 0, accent_raise = 0;
  const std::u32string parts = nfd(text);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (const Glyph* accent = find_glyph(kAccents, parts[i])) {
      const bool above = parts[i] <= 0x30C;
      append_strokes(result.strokes, accent->strokes, 1, letter_middle, above ? accent_raise : 0);
      continue;
    }
    const bool accented = i + 1 < parts.size() && parts[i + 1] >= 0x300 && parts[i + 1] <= 0x30C;
    const auto placed = starter_glyph(parts[i] == U'i' && accented ? U'\u0131' : parts[i]);
    if (!placed) continue;
    append_strokes(result.strokes, placed->glyph->strokes, placed->scale, result.width, placed->raise);
    letter_middle = result.width + placed->advance() / 2;
    const bool tall = category(parts[i]) == UTF8PROC_CATEGORY_LU || kTall.find(parts[i]) != std::u32string_view::npos;
    accent_raise = tall ? 19 : 0;
    result.width += placed->advance();
  }
  return result;
}

}  // namespace tempa::inline TEMPA_ABI::detail
