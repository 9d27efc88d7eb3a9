// Line charts: values over steps or epochs.
#pragma once

#include <tempa/plot/picture.hpp>

#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A line of a chart.
struct Series {
  std::string name;
  std::vector<double> x;
  std::vector<double> y;  ///< as many; where x or y is NaN or infinite, the line has a gap
};

/// Options of `plot_lines`.
struct LineChartOptions {
  std::string title{}, x_label{}, y_label{};
  double width = 460, height = 300;  ///< a long title or legend makes the picture higher
  bool integer_x = false;            ///< ticks at whole numbers only, as for epochs
  bool y_from_zero = false;          ///< the vertical axis begins at 0
};

namespace detail {

/// Smallest and largest of the finite numbers. @return false when there are none.
bool extend_range(std::span<const double> values, std::span<const double> others, double& low, double& high);

}  // namespace detail

/// Lines with their axes, a grid and a legend. A chart without any finite value says so in its middle.
/// @throws ShapeError when a series has not as many x as y; ValueError for invalid UTF-8 or a size out of range.
Picture plot_lines(std::span<const Series> series, const LineChartOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/impl/line_chart.ipp>
#endif
