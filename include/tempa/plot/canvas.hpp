// Pixels, and how shapes cover them: the share of a pixel that a shape covers is the share of its colour.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/plot/scene.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI::detail {

/// An RGB picture, white at first; coordinates are pixels.
class Canvas {
 public:
  Canvas(Index width, Index height)
      : width_(width), height_(height), pixels_(Tensor<std::uint8_t>::full({height, width, 3}, 255)) {}

  const Tensor<std::uint8_t>& pixels() const { return pixels_; }

  /// Mixes `color` into a pixel; outside of the picture nothing happens. @param share from 0 to 1.
  void blend(Index x, Index y, Scene::Color color, double share) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_ || !(share > 0)) return;
    std::uint8_t* pixel = pixels_.data() + (y * width_ + x) * 3;
    const std::uint8_t parts[] = {color.red, color.green, color.blue};
    for (std::size_t i = 0; i < 3; ++i)
      pixel[i] = static_cast<std::uint8_t>(std::lround(pixel[i] + (parts[i] - pixel[i]) * std::min(share, 1.0)));
  }

  void rectangle(double x, double y, double width, double height, Scene::Color color) {
    const auto overlap = [](double begin, double end, Index pixel) {
      return std::min(end, static_cast<double>(pixel + 1)) - std::max(begin, static_cast<double>(pixel));
    };
    const auto [left, right] = range(x, x + width, width_);
    const auto [top, bottom] = range(y, y + height, height_);
    for (Index j = top; j < bottom; ++j)
      for (Index i = left; i < right; ++i)
        blend(i, j, color, std::max(0.0, overlap(x, x + width, i)) * std::max(0.0, overlap(y, y + height, j)));
  }

  void circle(Scene::Point center, double radius, Scene::Color color) { stroke({{center}}, 2 * radius, color); }

  /// Lines of a round pen; where they cross they are drawn once. A line of one point is a dot.
  void stroke(const std::vector<std::vector<Scene::Point>>& lines, double width, Scene::Color color) {
    const double thin = std::min(1.0, width), radius = std::max(width, 1.0) / 2;  // a thinner line is paler instead
    Mask mask(*this, lines, radius + 1);
    for (const auto& line : lines)
      for (std::size_t i = 0; i < line.size(); ++i)
        if (line.size() == 1 || i > 0) segment(mask, line[i == 0 ? 0 : i - 1], line[i], radius);
    for (Index y = mask.top; y < mask.bottom; ++y)
      for (Index x = mask.left; x < mask.right; ++x) blend(x, y, color, thin * static_cast<double>(mask.at(x, y)));
  }

  /// A line with gaps. @param dashes lengths of stroke and gap in turn.
  void dashed(const std::vector<Scene::Point>& points, double width, const std::vector<double>& dashes,
              Scene::Color color) {
    std::vector<std::vector<Scene::Point>> strokes;
    std::size_t dash = 0;
    double left = dashes.front();
    if (!points.empty()) strokes.push_back({points.front()});
    for (std::size_t i = 1; i < points.size(); ++i) {
      Scene::Point from = points[i - 1];
      const Scene::Point to = points[i];
      double length = std::hypot(to.x - from.x, to.y - from.y);
      while (length > left) {
        const double share = left / length;
        from = {from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share};
        length -= left;
        if (dash % 2 == 0) {
          strokes.back().push_back(from);
        } else {
          strokes.push_back({from});
        }
        left = std::max(dashes[++dash % dashes.size()], 0.1);
      }
      left -= length;
      if (dash % 2 == 0) strokes.back().push_back(to);
    }
    stroke(strokes, width, color);
  }

 private:
  /// Coverage within the part of the picture that some lines touch.
  struct Mask {
    Index left, right, top, bottom;
    std::vector<float> values;

    Mask(const Canvas& canvas, const std::vector<std::vector<Scene::Point>>& lines, double margin) {
      double x0 = 1e300, x1 = -1e300, y0 = 1e300, y1 = -1e300;
      for (const auto& line : lines)
        for (const Scene::Point& p : line) {
          x0 = std::min(x0, p.x);
          x1 = std::max(x1, p.x);
          y0 = std::min(y0, p.y);
          y1 = std::max(y1, p.y);
        }
      std::tie(left, right) = range(x0 - margin, x1 + margin, canvas.width_);
      std::tie(top, bottom) = range(y0 - margin, y1 + margin, canvas.height_);
      values.resize(static_cast<std::size_t>(std::max<Index>(right - left, 0) * std::max<Index>(bottom - top, 0)));
    }
    float& at(Index x, Index y) { return values[static_cast<std::size_t>((y - top) * (right - left) + x - left)]; }
  };

  /// The pixels from `begin` to `end` that lie inside of [0, size).
  static std::pair<Index, Index> range(double begin, double end, Index size) {
    const double limit = static_cast<double>(size);
    return {static_cast<Index>(std::clamp(std::floor(begin), 0.0, limit)),
            static_cast<Index>(std::clamp(std::ceil(end), 0.0, limit))};
  }

  /// Coverage of a pixel by a wide line: how deep its middle lies inside, by the distance from the line's middle.
  static void segment(Mask& mask, Scene::Point a, Scene::Point b, double radius) {
    const double dx = b.x - a.x, dy = b.y - a.y, squared = dx * dx + dy * dy, reach = radius + 1;
    const auto clip = [](double low, double high, Index begin, Index end) {
      return std::pair{std::clamp(static_cast<Index>(std::clamp(low, -1e9, 1e9)), begin, end),
                       std::clamp(static_cast<Index>(std::clamp(high, -1e9, 1e9)) + 1, begin, end)};
    };
    const auto rows = clip(std::min(a.y, b.y) - reach, std::max(a.y, b.y) + reach, mask.top, mask.bottom);
    for (Index y = rows.first; y < rows.second; ++y) {
      // A long line that is steep touches few pixels of a row: only those around where it passes are looked at.
      double low = std::min(a.x, b.x), high = std::max(a.x, b.x);
      if (std::abs(dy) > 1e-9) {
        const double at = static_cast<double>(y) + 0.5, slope = dx / dy;
        const double x0 = a.x + (at - reach - 0.5 - a.y) * slope, x1 = a.x + (at + reach + 0.5 - a.y) * slope;
        low = std::max(low, std::min(x0, x1));
        high = std::min(high, std::max(x0, x1));
      }
      const auto columns = clip(low - reach, high + reach, mask.left, mask.right);
      for (Index x = columns.first; x < columns.second; ++x) {
        const double px = static_cast<double>(x) + 0.5 - a.x, py = static_cast<double>(y) + 0.5 - a.y;
        const double along = squared > 0 ? std::clamp((px * dx + py * dy) / squared, 0.0, 1.0) : 0.0;
        const double distance = std::hypot(px - along * dx, py - along * dy);
        float& value = mask.at(x, y);
        value = std::max(value, static_cast<float>(std::clamp(radius + 0.5 - distance, 0.0, 1.0)));
      }
    }
  }

  Index width_, height_;
  Tensor<std::uint8_t> pixels_;
};

}  // namespace tempa::inline TEMPA_ABI::detail
