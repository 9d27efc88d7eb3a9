// What charts share: title, legend, and a plot area with axes, grid and labels around it.
#pragma once

#include <tempa/plot/detail/axis.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// A rectangle of the picture, in its units.
struct PlotArea {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

/// Writes the lines of a text one below the other. @param y base line of the first. @return base line after the last.
double add_lines(Scene& scene, const std::vector<std::string>& lines, Scene::Text style, double leading = 1.25);

/// A title above a chart, in at most three lines. @return its height.
double title_height(const std::string& title, double width);
void add_title(Scene& scene, const std::string& title, double left, double top, double width);

/// An entry of a legend: how it is drawn and what it means.
struct LegendEntry {
  std::string text;
  Scene::Color color{};
  std::vector<double> dashes{};
  bool box = false;  ///< a filled square instead of a line
};

/// A legend in rows above a plot.
class Legend {
 public:
  /// @param width of a row.
  Legend(const std::vector<LegendEntry>& entries, double width);
  double height() const { return items_.empty() ? 0 : kRow * static_cast<double>(rows_ + 1) + 4; }
  void add_to(Scene& scene, double left, double top) const;

 private:
  static constexpr double kRow = 16;
  struct Item {
    LegendEntry entry;
    std::string text;
    double x;
    std::size_t row;
  };
  std::vector<Item> items_;
  std::size_t rows_ = 0;
};

/// A plot area with two number axes; turns values into places.
class ChartFrame {
 public:
  struct Options {
    std::string title{}, x_label{}, y_label{};
    AxisOptions x{}, y{};
    std::vector<LegendEntry> legend{};
  };

  /// What a chart with these options must be higher than one with one line of title and two rows of legend.
  static double extra_height(const Options& options, double width);

  /// Lays everything out within (0,0) to the scene's size and draws all but the data.
  ChartFrame(Scene& scene, double x_low, double x_high, double y_low, double y_high, Options options);

  double x_of(double value) const { return area.left + (value - x.low) / (x.high - x.low) * area.width(); }
  double y_of(double value) const { return area.bottom - (value - y.low) / (y.high - y.low) * area.height(); }

  PlotArea area;
  Axis x, y;

 private:
  static double tick_width(const Axis& axis);
  static std::string with_exponent(const std::string& label, int exponent);

  void draw_axes(Scene& scene) const;
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/chart_frame.ipp>
#endif
