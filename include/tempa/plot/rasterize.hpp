// Scenes as pixels.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/plot/system_fonts.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// Which fonts the texts of a PNG are drawn with.
enum class PictureFonts {
  kBest,    ///< the system's when this build and the system have them, else the built-in one
  kBuiltIn  ///< always the built-in one: the same pixels on every machine
};

/// Options of `rasterize` and the PNG functions of `Picture`.
struct RasterOptions {
  double scale = 2;  ///< pixels to a unit: 1 is 96 to an inch, 2 twice as fine
  PictureFonts fonts = PictureFonts::kBest;
};

/// The pixels of a scene.
struct Raster {
  Tensor<std::uint8_t> pixels;  // (height,width,3)
  /// Texts that no font here can draw; the first stands in the picture as [1], the second as [2], and so on.
  std::vector<std::string> numbered;
};

namespace detail {

/// Draws the elements of a scene.
class Rasterizer {
 public:
  Rasterizer(const Scene& scene, const RasterOptions& options)
      : scale_(options.scale),
        canvas_(static_cast<Index>(std::ceil(scene.width() * options.scale)),
                static_cast<Index>(std::ceil(scene.height() * options.scale))) {
    use_system_fonts_ = options.fonts == PictureFonts::kBest && fonts_.available();
    for (const Scene::Element& element : scene.elements()) std::visit([&](const auto& part) { draw(part); }, element);
  }

  Raster result() && { return {canvas_.pixels(), std::move(numbered_)}; }

 private:
  void draw(const Scene::Line& line) {
    std::vector<Scene::Point> points = line.points;
    for (Scene::Point& point : points) point = {point.x * scale_, point.y * scale_};
    if (points.size() == 2 && line.dashes.empty()) sharpen(points, line.width * scale_);
    if (line.dashes.empty()) {
      canvas_.stroke({points}, line.width * scale_, line.color);
    } else {
      std::vector<double> dashes = line.dashes;
      for (double& dash : dashes) dash *= scale_;
      canvas_.dashed(points, line.width * scale_, dashes, line.color);
    }
  }
  void draw(const Scene::Rectangle& r) {
    canvas_.rectangle(r.x * scale_, r.y * scale_, r.width * scale_, r.height * scale_, r.fill);
  }
  void draw(const Scene::Circle& circle) {
    canvas_.circle({circle.center.x * scale_, circle.center.y * scale_}, circle.radius * scale_, circle.fill);
  }
  void draw(const Scene::Text& text) {
    if (use_system_fonts_ && fonts_.draw(canvas_, text, scale_)) return;
    const BuiltInText drawn = built_in_text(with_numbers(text.text));
    const double unit = text.size * scale_ / 100, angle = text.rotation * std::numbers::pi / 180;
    const bool reversed = is_right_to_left(text.text);
    const double start = text.anchor == Scene::Anchor::kMiddle              ? -drawn.width / 2
                         : (text.anchor == Scene::Anchor::kEnd) != reversed ? -drawn.width
                                                                            : 0;
    Strokes strokes = drawn.strokes;
    for (auto& line : strokes)
      for (Scene::Point& point : line) {
        const double x = (point.x + start) * unit, y = -point.y * unit;
        point = {text.position.x * scale_ + x * std::cos(angle) - y * std::sin(angle),
                 text.position.y * scale_ + x * std::sin(angle) + y * std::cos(angle)};
      }
    canvas_.stroke(strokes, unit * (text.bold ? 13 : 8.6), text.color);
  }

  /// A thin horizontal or vertical line between pixels would be twice as wide and half as dark.
  static void sharpen(std::vector<Scene::Point>& ends, double width) {
    const bool odd = std::lround(width) % 2 != 0;
    const auto snap = [&](double& a, double& b) {
      if (a == b) a = b = odd ? std::floor(a) + 0.5 : std::round(a);
    };
    snap(ends[0].x, ends[1].x);
    snap(ends[0].y, ends[1].y);
  }

  /// The text with a number in brackets for each part that the built-in font does not have.
  std::u32string with_numbers(const std::string& text) {
    std::u32string out;
    const std::u32string letters = to_utf32(text);
    for (std::size_t i = 0; i < letters.size();) {
      if (in_built_in_font(letters[i])) {
        out += letters[i++];
        continue;
      }
      std::size_t end = i + 1;  // behind the last letter that is missing; spaces and points between them go along
      for (std::size_t j = end; j < letters.size(); ++j) {
        if (!in_built_in_font(letters[j])) {
          end = j + 1;
        } else if (category(letters[j]) <= UTF8PROC_CATEGORY_ND) {
          break;
        }
      }
      const std::string part = to_utf8(std::u32string_view(letters).substr(i, end - i));
      const auto known = std::find(numbered_.begin(), numbered_.end(), part);
      const auto number = known - numbered_.begin() + 1;
      if (known == numbered_.end()) numbered_.push_back(part);
      out += to_utf32("[" + std::to_string(number) + "]");
      i = end;
    }
    return out;
  }

  double scale_;
  Canvas canvas_;
  SystemFonts fonts_;
  bool use_system_fonts_ = false;
  std::vector<std::string> numbered_;
};

}  // namespace detail

/// A scene as pixels, with smooth edges.
/// @throws ConfigError for a scale that is not within [0.1, 20] or makes more than 10^8 pixels.
inline Raster rasterize(const Scene& scene, const RasterOptions& options = {}) {
  if (!(options.scale >= 0.1 && options.scale <= 20))
    throw ConfigError(concat("[rasterize] scale must be from 0.1 to 20 but is ", options.scale));
  const double pixels = scene.width() * scene.height() * options.scale * options.scale;
  if (pixels > 1e8) throw ConfigError(concat("[rasterize] expected at most 1e8 pixels but there would be ", pixels));
  return detail::Rasterizer(scene, options).result();
}

}  // namespace tempa::inline TEMPA_ABI
