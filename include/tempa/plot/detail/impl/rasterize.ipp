// The bodies of <tempa/plot/detail/rasterize.hpp>.
#pragma once

#include <tempa/plot/detail/png.hpp>
#include <tempa/plot/detail/rasterize.hpp>
#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <cmath>
#include <variant>

#include <algorithm>
#include <cstring>
#include <memory>
#include <numbers>
#if defined(TEMPA_WITH_CAIRO)
#include <pango/pangocairo.h>
#endif

namespace tempa::inline TEMPA_ABI {

#if defined(TEMPA_WITH_CAIRO)

namespace detail {

/// Draws the elements of a scene on a white area.
class Painter {
 public:
  Painter(Index width, Index height, double scale)
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width), static_cast<int>(height))),
        context_(cairo_create(surface_.get())),
        scale_(scale) {
    cairo_set_source_rgb(cairo(), 1, 1, 1);
    cairo_paint(cairo());
    cairo_scale(cairo(), scale, scale);
    cairo_set_line_cap(cairo(), CAIRO_LINE_CAP_ROUND);
    cairo_set_line_join(cairo(), CAIRO_LINE_JOIN_ROUND);
  }

  void operator()(const Scene::Line& line) {
    const auto& points = line.points;
    const bool straight = points.size() == 2 && line.dashes.empty();
    for (const Scene::Point& point : points)
      cairo_line_to(cairo(), straight && points[0].x == points[1].x ? sharp(point.x, line.width) : point.x,
                    straight && points[0].y == points[1].y ? sharp(point.y, line.width) : point.y);
    cairo_set_line_width(cairo(), line.width);
    cairo_set_dash(cairo(), line.dashes.data(), static_cast<int>(line.dashes.size()), 0);
    color(line.color);
    cairo_stroke(cairo());
  }
  void operator()(const Scene::Rectangle& rectangle) {
    cairo_rectangle(cairo(), rectangle.x, rectangle.y, rectangle.width, rectangle.height);
    color(rectangle.fill);
    cairo_fill(cairo());
  }
  void operator()(const Scene::Circle& circle) {
    cairo_arc(cairo(), circle.center.x, circle.center.y, circle.radius, 0, 2 * std::numbers::pi);
    color(circle.fill);
    cairo_fill(cairo());
  }
  void operator()(const Scene::Text& text) {
    const Owned<PangoLayout> layout(pango_cairo_create_layout(cairo()));
    PangoContext* const fonts = pango_layout_get_context(layout.get());
    pango_context_set_round_glyph_positions(fonts, FALSE);
    const Owned<cairo_font_options_t> smooth(cairo_font_options_create());
    cairo_font_options_set_antialias(smooth.get(), CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_hint_style(smooth.get(), CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(smooth.get(), CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(fonts, smooth.get());
    const std::u32string letters = to_utf32(text.text);
    const auto is_kana = [](char32_t c) { return c >= 0x3040 && c <= 0x30FF; };
    if (std::any_of(letters.begin(), letters.end(), is_kana))  // then ideographs have Japanese forms
      pango_context_set_language(fonts, pango_language_from_string("ja"));
    const Owned<PangoFontDescription> font(pango_font_description_new());
    pango_font_description_set_family_static(font.get(), "sans-serif");
    pango_font_description_set_absolute_size(font.get(), text.size * PANGO_SCALE);
    if (text.bold) pango_font_description_set_weight(font.get(), PANGO_WEIGHT_BOLD);
    if (!Owned<PangoFont>(pango_context_load_font(fonts, font.get())))  // all letters would be boxes
      throw ConfigError("[rasterize] texts need a font but none is installed (Debian: fonts-dejavu-core)");
    pango_layout_set_font_description(layout.get(), font.get());
    pango_layout_set_single_paragraph_mode(layout.get(), TRUE);
    pango_layout_set_text(layout.get(), text.text.data(), static_cast<int>(text.text.size()));

    PangoLayoutLine* const line = pango_layout_get_line_readonly(layout.get(), 0);
    PangoRectangle extents{};
    pango_layout_line_get_extents(line, nullptr, &extents);
    const double width = static_cast<double>(extents.width) / PANGO_SCALE;
    // The layout has reserved this much; a font that needs more is made narrower.
    const double room = drawn_width(letters, text.size, text.bold);
    cairo_save(cairo());
    cairo_translate(cairo(), text.position.x, text.position.y);
    cairo_rotate(cairo(), text.rotation * std::numbers::pi / 180);
    if (width > room && room > 0) cairo_scale(cairo(), room / width, 1);
    cairo_move_to(cairo(),
                  text.anchor == Scene::Anchor::kStart ? 0
                  : text.anchor == Scene::Anchor::kEnd ? -width
                                                       : -width / 2,
                  0);
    color(text.color);
    pango_cairo_show_layout_line(cairo(), line);
    cairo_new_path(cairo());
    cairo_restore(cairo());
  }

  /// (height,width,3) @throws Error where cairo could not draw.
  Tensor<std::uint8_t> pixels() const {
    if (const cairo_status_t status = cairo_status(context_.get()); status != CAIRO_STATUS_SUCCESS)
      throw Error(concat("[rasterize] cairo says: ", cairo_status_to_string(status)));
    cairo_surface_flush(surface_.get());
    const Index width = cairo_image_surface_get_width(surface_.get());
    const Index height = cairo_image_surface_get_height(surface_.get());
    Tensor<std::uint8_t> result({height, width, 3});
    std::uint8_t* to = result.data();
    for (Index y = 0; y < height; ++y) {
      const unsigned char* const row =
          cairo_image_surface_get_data(surface_.get()) + y * cairo_image_surface_get_stride(surface_.get());
      for (Index x = 0; x < width; ++x) {
        std::uint32_t pixel = 0;  // 0x00RRGGBB
        std::memcpy(&pixel, row + 4 * x, 4);
        for (const int shift : {16, 8, 0}) *to++ = static_cast<std::uint8_t>(pixel >> shift);
      }
    }
    return result;
  }

 private:
  struct Destroy {
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* context) const { cairo_destroy(context); }
    void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
    void operator()(PangoLayout* layout) const { g_object_unref(layout); }
    void operator()(PangoFont* font) const { g_object_unref(font); }
    void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
  };
  template <typename T>
  using Owned = std::unique_ptr<T, Destroy>;

  cairo_t* cairo() { return context_.get(); }

  void color(Scene::Color color) {
    cairo_set_source_rgb(cairo(), color.red / 255.0, color.green / 255.0, color.blue / 255.0);
  }

  /// A thin horizontal or vertical line between pixels would be twice as wide and half as dark.
  double sharp(double at, double width) const {
    const bool odd = std::lround(width * scale_) % 2 != 0;
    return (odd ? std::floor(at * scale_) + 0.5 : std::round(at * scale_)) / scale_;
  }

  Owned<cairo_surface_t> surface_;
  Owned<cairo_t> context_;
  double scale_;
};

}  // namespace detail

#endif

TEMPA_INLINE Tensor<std::uint8_t> rasterize(const Scene& scene, const RasterOptions& options) {
  if (!(options.scale >= 0.1 && options.scale <= 20))
    throw ConfigError(concat("[rasterize] scale must be from 0.1 to 20 but is ", options.scale));
  const double width = std::ceil(scene.width() * options.scale), height = std::ceil(scene.height() * options.scale);
  constexpr double kMaxSide = 32767;  // cairo's
  if (width * height > 1e8 || width > kMaxSide || height > kMaxSide)
    throw ConfigError(concat("[rasterize] expected at most 1e8 pixels, and ", kMaxSide, " a side, but there would be ",
                             width, " times ", height));
#if defined(TEMPA_WITH_CAIRO)
  detail::Painter painter(static_cast<Index>(width), static_cast<Index>(height), options.scale);
  for (const Scene::Element& element : scene.elements()) std::visit(painter, element);
  return painter.pixels();
#else
  detail::refuse_png("rasterize");
#endif
}

}  // namespace tempa::inline TEMPA_ABI
