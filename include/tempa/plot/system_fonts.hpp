// Text in any script by the fonts of the system: fontconfig finds them, raqm orders and joins the letters, FreeType
// draws them.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/plot/canvas.hpp>
#include <tempa/plot/text_layout.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <memory>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#if defined(TEMPA_WITH_RAQM)
#include <fontconfig/fontconfig.h>
#include <freetype/ftoutln.h>
#include <raqm.h>
#endif

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI::detail {

#if defined(TEMPA_WITH_RAQM)

/// Draws texts with the sans-serif fonts of the system, each letter in the first font that has it. Not for threads.
class SystemFonts {
 public:
  SystemFonts() {
    FT_Library library = nullptr;
    if (FT_Init_FreeType(&library) == 0) library_.reset(library);
    config_.reset(FcConfigReference(nullptr));  // the current one, loaded when it is not yet
  }

  /// Whether there is any font at all.
  bool available() { return library_ && config_ && !fonts(false, false).empty(); }

  /// @param scale pixels to a unit of the scene. @return false when a letter is in no font; nothing is drawn then.
  bool draw(Canvas& canvas, const Scene::Text& text, double scale) {
    const std::u32string letters = to_utf32(text.text);
    if (letters.empty()) return true;
    const bool japanese =
        std::any_of(letters.begin(), letters.end(), [](char32_t c) { return c >= 0x3040 && c <= 0x30FF; });
    const std::unique_ptr<raqm_t, Destroy> line(raqm_create());
    static_assert(sizeof(char32_t) == sizeof(std::uint32_t));
    const std::vector<std::uint32_t> codes(letters.begin(), letters.end());
    if (!line || !raqm_set_text(line.get(), codes.data(), codes.size()) ||
        !raqm_set_par_direction(line.get(), RAQM_DIRECTION_DEFAULT) ||
        !raqm_set_freetype_load_flags(line.get(), kLoadFlags))
      return false;
    FT_Face face = nullptr;
    for (std::size_t i = 0; i < codes.size(); ++i) {
      // What stands on or between letters is drawn by their font if it can be.
      const bool follows = face != nullptr && utf8proc_charwidth(static_cast<utf8proc_int32_t>(codes[i])) == 0;
      const bool kept =
          follows && (category(codes[i]) == UTF8PROC_CATEGORY_CF || FT_Get_Char_Index(face, codes[i]) != 0);
      if (!kept) face = find_face(codes[i], text.bold, japanese);
      if (face == nullptr) return false;
      FT_Set_Char_Size(face, 0, std::lround(text.size * scale * 64), 72, 72);
      if (!raqm_set_freetype_face_range(line.get(), face, i, 1)) return false;
    }
    std::size_t count = 0;
    if (!raqm_layout(line.get())) return false;
    const raqm_glyph_t* glyphs = raqm_get_glyphs(line.get(), &count);
    double width = 0;
    for (std::size_t i = 0; i < count; ++i) width += static_cast<double>(glyphs[i].x_advance) / 64;
    // The layout has reserved this much; a font that needs more is made narrower.
    const double room = drawn_width(letters, text.size, text.bold) * scale;
    const double narrow = width > room && room > 0 ? room / width : 1;
    double x = text.anchor == Scene::Anchor::kStart ? 0 : text.anchor == Scene::Anchor::kEnd ? -width : -width / 2;
    for (std::size_t i = 0; i < count; ++i) {
      draw_glyph(canvas, glyphs[i], text, scale, x, narrow);
      x += static_cast<double>(glyphs[i].x_advance) / 64;
    }
    return true;
  }

 private:
  static constexpr int kLoadFlags = FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP;

  struct Destroy {
    void operator()(raqm_t* line) const { raqm_destroy(line); }
    void operator()(FT_Library library) const { FT_Done_FreeType(library); }
    void operator()(FT_Face face) const { FT_Done_Face(face); }
    void operator()(FcConfig* config) const { FcConfigDestroy(config); }
    void operator()(FcPattern* pattern) const { FcPatternDestroy(pattern); }
    void operator()(FcCharSet* set) const { FcCharSetDestroy(set); }
    void operator()(FcFontSet* set) const { FcFontSetDestroy(set); }
  };
  template <typename T>
  using Owned = std::unique_ptr<T, Destroy>;

  struct Font {
    std::string file;
    int index = 0;
    Owned<FcCharSet> letters;
    Owned<FT_FaceRec> face{};  // opened at its first use
  };

  /// The system's fonts in order of preference.
  std::vector<Font>& fonts(bool bold, bool japanese) {
    const auto [entry, fresh] = fonts_.try_emplace({bold, japanese});
    if (!fresh) return entry->second;
    const Owned<FcPattern> pattern(FcPatternCreate());
    if (!pattern) return entry->second;
    FcPatternAddString(pattern.get(), FC_FAMILY, reinterpret_cast<const FcChar8*>("sans-serif"));
    FcPatternAddInteger(pattern.get(), FC_WEIGHT, bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
    FcPatternAddBool(pattern.get(), FC_SCALABLE, FcTrue);
    FcPatternAddBool(pattern.get(), FC_COLOR, FcFalse);
    if (japanese) FcPatternAddString(pattern.get(), FC_LANG, reinterpret_cast<const FcChar8*>("ja"));
    FcConfigSubstitute(config_.get(), pattern.get(), FcMatchPattern);
    FcDefaultSubstitute(pattern.get());
    FcResult result = FcResultMatch;
    const Owned<FcFontSet> sorted(FcFontSort(config_.get(), pattern.get(), FcTrue, nullptr, &result));
    for (int i = 0; sorted && i < sorted->nfont; ++i) {
      FcChar8* file = nullptr;
      FcCharSet* letters = nullptr;
      FcBool scalable = FcFalse;
      Font font;
      if (FcPatternGetString(sorted->fonts[i], FC_FILE, 0, &file) != FcResultMatch ||
          FcPatternGetCharSet(sorted->fonts[i], FC_CHARSET, 0, &letters) != FcResultMatch ||
          FcPatternGetBool(sorted->fonts[i], FC_SCALABLE, 0, &scalable) != FcResultMatch || scalable == FcFalse)
        continue;
      FcPatternGetInteger(sorted->fonts[i], FC_INDEX, 0, &font.index);
      font.file = reinterpret_cast<const char*>(file);
      font.letters.reset(FcCharSetCopy(letters));
      entry->second.push_back(std::move(font));
    }
    return entry->second;
  }

  FT_Face find_face(char32_t c, bool bold, bool japanese) {
    const bool invisible = category(c) == UTF8PROC_CATEGORY_CF || is_white_space(c);
    for (Font& font : fonts(bold, japanese)) {
      if (!invisible && !FcCharSetHasChar(font.letters.get(), c)) continue;
      if (!font.face) {
        FT_Face face = nullptr;
        if (FT_New_Face(library_.get(), font.file.c_str(), font.index, &face) != 0) continue;
        font.face.reset(face);
      }
      return font.face.get();
    }
    return nullptr;
  }

  void draw_glyph(Canvas& canvas, const raqm_glyph_t& glyph, const Scene::Text& text, double scale, double x,
                  double narrow) {
    FT_FaceRec_* const face = glyph.ftface;
    if (FT_Load_Glyph(face, glyph.index, kLoadFlags) != 0 || face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return;
    FT_Outline& outline = face->glyph->outline;
    if (text.bold && (face->style_flags & FT_STYLE_FLAG_BOLD) == 0)
      FT_Outline_Embolden(&outline, std::lround(text.size * scale * 64 / 24));
    // FreeType's y goes up: outlines are turned the other way than the picture.
    const double angle = -text.rotation * std::numbers::pi / 180, cosine = std::cos(angle), sine = std::sin(angle);
    const auto fixed = [](double value) { return static_cast<FT_Fixed>(std::lround(value * 65536)); };
    const FT_Matrix turn{fixed(narrow * cosine), fixed(-sine), fixed(narrow * sine), fixed(cosine)};
    FT_Outline_Transform(&outline, &turn);
    const double right = (x + static_cast<double>(glyph.x_offset) / 64) * narrow;
    const double up = static_cast<double>(glyph.y_offset) / 64;
    const double at_x = text.position.x * scale + right * cosine - up * sine;
    const double at_y = text.position.y * scale - right * sine - up * cosine;
    const double whole_x = std::floor(at_x), whole_y = std::floor(at_y);
    FT_Outline_Translate(&outline, std::lround((at_x - whole_x) * 64), std::lround((whole_y - at_y) * 64));
    if (FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL) != 0) return;
    const FT_Bitmap& bitmap = face->glyph->bitmap;
    const auto left = static_cast<Index>(whole_x) + face->glyph->bitmap_left;
    const auto top = static_cast<Index>(whole_y) - face->glyph->bitmap_top;
    for (unsigned row = 0; row < bitmap.rows; ++row)
      for (unsigned column = 0; column < bitmap.width; ++column)
        canvas.blend(left + column, top + row, text.color,
                     bitmap.buffer[static_cast<std::ptrdiff_t>(row) * bitmap.pitch + column] / 255.0);
  }

  // In this order: faces go before the library.
  Owned<FT_LibraryRec_> library_;
  Owned<FcConfig> config_;
  std::map<std::pair<bool, bool>, std::vector<Font>> fonts_;
};

#else

/// This build has no fonts but the built-in one.
class SystemFonts {
 public:
  bool available() const { return false; }
  bool draw(Canvas&, const Scene::Text&, double) const { return false; }
};

#endif

}  // namespace tempa::inline TEMPA_ABI::detail
