// The bodies of <tempa/plot/line_chart.hpp>.
#pragma once

#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/line_chart.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The runs of a series without gaps, with no more points than the picture can show: of many in one place the first,
/// the lowest, the highest and the last.
inline std::vector<std::vector<Scene::Point>> visible_runs(const Series& series, const ChartFrame& frame) {
  std::vector<std::vector<Scene::Point>> runs;
  bool gap = true;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    const bool finite = std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
    if (finite && gap) runs.emplace_back();
    if (finite) runs.back().push_back({frame.x_of(series.x[i]), frame.y_of(series.y[i])});
    gap = !finite;
  }
  constexpr double kColumn = 0.5;
  for (auto& run : runs) {
    if (static_cast<double>(run.size()) < 4 * frame.area.width() / kColumn) continue;
    std::vector<Scene::Point> kept;
    for (std::size_t begin = 0; begin < run.size();) {
      std::size_t end = begin;
      while (end < run.size() && std::floor(run[end].x / kColumn) == std::floor(run[begin].x / kColumn)) ++end;
      const auto lower = [&](std::size_t a, std::size_t b) { return run[a].y < run[b].y; };
      std::size_t low = begin, high = begin;
      for (std::size_t i = begin; i < end; ++i) {
        if (lower(i, low)) low = i;
        if (lower(high, i)) high = i;
      }
      std::vector<std::size_t> chosen{begin, low, high, end - 1};
      std::sort(chosen.begin(), chosen.end());
      chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
      for (const std::size_t i : chosen) kept.push_back(run[i]);
      begin = end;
    }
    run = std::move(kept);
  }
  return runs;
}

inline void draw_series(Scene& scene, const Series& series, std::size_t number, const ChartFrame& frame) {
  constexpr std::size_t kMostMarkers = 30;
  const Scene::Color color = series_color(number);
  const auto runs = visible_runs(series, frame);
  for (const auto& run : runs)
    if (run.size() > 1) scene.add(Scene::Line{run, color, 1.6, series_dashes(number)});
  for (const auto& run : runs)
    for (const Scene::Point& point : run)
      if (run.size() == 1 || series.x.size() <= kMostMarkers) scene.add(Scene::Circle{point, 2.5, color});
}

TEMPA_INLINE bool extend_range(std::span<const double> values, std::span<const double> others, double& low,
                               double& high) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]) || !std::isfinite(others[i])) continue;
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  return low <= high;
}

}  // namespace detail

TEMPA_INLINE Picture plot_lines(std::span<const Series> series, const LineChartOptions& options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double x_low = kInfinity, x_high = -kInfinity, y_low = kInfinity, y_high = -kInfinity;
  detail::ChartFrame::Options frame_options{.title = options.title,
                                            .x_label = options.x_label,
                                            .y_label = options.y_label,
                                            .x = {.integer = options.integer_x, .margin = 0.025},
                                            .y = {.from_zero = options.y_from_zero}};
  bool any = false;
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (series[i].x.size() != series[i].y.size())
      throw ShapeError(concat("[plot_lines] series '", series[i].name, "' must have as many x as y but has ",
                              series[i].x.size(), " and ", series[i].y.size()));
    detail::extend_range(series[i].x, series[i].y, x_low, x_high);
    any = detail::extend_range(series[i].y, series[i].x, y_low, y_high);
    if (series.size() > 1 && !series[i].name.empty())
      frame_options.legend.push_back({series[i].name, detail::series_color(i), detail::series_dashes(i)});
  }
  if (!any) x_low = y_low = 0, x_high = y_high = 1;
  Picture picture(options.width, options.height + detail::ChartFrame::extra_height(frame_options, options.width),
                  options.title);
  const detail::ChartFrame frame(picture, x_low, x_high, y_low, y_high, frame_options);
  if (!any)
    picture.add(
        Scene::Text{.position = {(frame.area.left + frame.area.right) / 2, (frame.area.top + frame.area.bottom) / 2},
                    .text = "no finite values",
                    .size = detail::kLabelSize,
                    .color = detail::kAxisInk,
                    .anchor = Scene::Anchor::kMiddle});
  for (std::size_t i = 0; i < series.size(); ++i) detail::draw_series(picture, series[i], i, frame);
  return picture;
}

}  // namespace tempa::inline TEMPA_ABI
