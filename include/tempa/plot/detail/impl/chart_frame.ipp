// The bodies of <tempa/plot/detail/chart_frame.hpp>.
#pragma once

#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/detail/text_layout.hpp>
#include <tempa/plot/picture.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::detail {

inline constexpr double kTickSize = 10, kLabelSize = 11, kTitleSize = 13;

TEMPA_INLINE double add_lines(Scene& scene, const std::vector<std::string>& lines, Scene::Text style, double leading) {
  for (const std::string& line : lines) {
    style.text = line;
    scene.add(style);
    style.position.y += leading * style.size;
  }
  return style.position.y;
}

TEMPA_INLINE double title_height(const std::string& title, double width) {
  if (title.empty()) return 0;
  return 1.3 * kTitleSize * static_cast<double>(fit_text(title, kTitleSize, width, 3, true).size()) + 6;
}

TEMPA_INLINE void add_title(Scene& scene, const std::string& title, double left, double top, double width) {
  if (title.empty()) return;
  add_lines(scene, fit_text(title, kTitleSize, width, 3, true),
            {.position = {left + width / 2, top + kTitleSize},
             .size = kTitleSize,
             .color = kInk,
             .anchor = Scene::Anchor::kMiddle,
             .bold = true},
            1.3);
}

TEMPA_INLINE Legend::Legend(const std::vector<LegendEntry>& entries, double width) {
  double x = 0;
  for (const LegendEntry& entry : entries) {
    const double sample = entry.box ? 10 : 20;
    const std::string text = fit_text(entry.text, kTickSize, std::max(30.0, width - sample - 6), 1).front();
    const double needed = sample + 6 + drawn_width(text, kTickSize);
    if (x > 0 && x + needed > width) {
      x = 0;
      ++rows_;
    }
    items_.push_back({entry, text, x, rows_});
    x += needed + 16;
  }
}

TEMPA_INLINE void Legend::add_to(Scene& scene, double left, double top) const {
  for (const Item& item : items_) {
    const double x = left + item.x, y = top + kRow * (static_cast<double>(item.row) + 0.5),
                 sample = item.entry.box ? 10 : 20;
    if (item.entry.box) {
      scene.add(Scene::Rectangle{x, y - 5, 10, 10, item.entry.color});
    } else {
      scene.add(Scene::Line{{{x + 1, y}, {x + sample - 1, y}}, item.entry.color, 1.8, item.entry.dashes});
    }
    scene.add(Scene::Text{
        .position = {x + sample + 6, y + 0.35 * kTickSize}, .text = item.text, .size = kTickSize, .color = kInk});
  }
}

TEMPA_INLINE double ChartFrame::extra_height(const Options& options, double width) {
  const double title = title_height(options.title, width - 20), legend = Legend(options.legend, width - 90).height();
  return std::max(0.0, title - 1.3 * kTitleSize - 6) + std::max(0.0, legend - 36);
}

TEMPA_INLINE ChartFrame::ChartFrame(Scene& scene, double x_low, double x_high, double y_low, double y_high,
                                    Options options) {
  const double width = scene.width(), title = title_height(options.title, width - 20);
  const double right = width - 18, label = options.y_label.empty() ? 0 : kLabelSize * 1.5;
  options.y.max_ticks = static_cast<int>(std::max(2.0, (scene.height() - extra_height(options, width) - 90) / 42));
  y = make_axis(y_low, y_high, options.y);
  area.left = 12 + label + tick_width(y) + 8;
  const Legend legend(options.legend, right - area.left);
  area.top = 10 + title + legend.height() + (y.exponent != 0 ? 16 : 6);
  area.right = right;
  options.x.max_ticks = static_cast<int>(std::max(2.0, (area.right - area.left) / 40));
  x = make_axis(x_low, x_high, options.x);
  while (options.x.max_ticks > 2 &&
         tick_width(x) + 12 > area.width() / static_cast<double>(std::max<std::size_t>(x.ticks.size(), 1))) {
    --options.x.max_ticks;
    x = make_axis(x_low, x_high, options.x);
  }
  const std::string x_label = with_exponent(options.x_label, x.exponent);
  area.bottom = scene.height() - 12 - kTickSize * 1.7 - (x_label.empty() ? 0 : kLabelSize * 1.6);
  add_title(scene, options.title, 10, 8, width - 20);
  legend.add_to(scene, area.left, 8 + title);
  draw_axes(scene);
  if (y.exponent != 0)
    scene.add(Scene::Text{.position = {area.left, area.top - 6},
                          .text = "×" + power_of_ten(y.exponent),
                          .size = kTickSize,
                          .color = kInk});
  const auto x_text = fit_text(x_label, kLabelSize, area.width(), 1).front();
  scene.add(Scene::Text{.position = {(area.left + area.right) / 2, scene.height() - 12},
                        .text = x_text,
                        .size = kLabelSize,
                        .color = kInk,
                        .anchor = Scene::Anchor::kMiddle});
  const auto y_text = fit_text(options.y_label, kLabelSize, area.height(), 1).front();
  scene.add(Scene::Text{.position = {10 + kLabelSize, (area.top + area.bottom) / 2},
                        .text = y_text,
                        .size = kLabelSize,
                        .color = kInk,
                        .anchor = Scene::Anchor::kMiddle,
                        .rotation = -90});
}

TEMPA_INLINE double ChartFrame::tick_width(const Axis& axis) { return drawn_width(axis.labels, kTickSize); }

TEMPA_INLINE std::string ChartFrame::with_exponent(const std::string& label, int exponent) {
  return exponent == 0 ? label : label + (label.empty() ? "" : " ") + "(×" + power_of_ten(exponent) + ")";
}

TEMPA_INLINE void ChartFrame::draw_axes(Scene& scene) const {
  for (std::size_t i = 0; i < y.ticks.size(); ++i) {
    const double at = y_of(y.ticks[i]);
    scene.add(Scene::Line{{{area.left, at}, {area.right, at}}, kGridInk, 0.8});
    scene.add(Scene::Text{.position = {area.left - 8, at + 0.34 * kTickSize},
                          .text = y.labels[i],
                          .size = kTickSize,
                          .color = kInk,
                          .anchor = Scene::Anchor::kEnd});
  }
  for (std::size_t i = 0; i < x.ticks.size(); ++i) {
    const double at = x_of(x.ticks[i]);
    scene.add(Scene::Line{{{at, area.bottom}, {at, area.bottom + 4}}, kAxisInk, 0.8});
    scene.add(Scene::Text{.position = {at, area.bottom + 6 + kTickSize},
                          .text = x.labels[i],
                          .size = kTickSize,
                          .color = kInk,
                          .anchor = Scene::Anchor::kMiddle});
  }
  scene.add(Scene::Line{{{area.left, area.top}, {area.left, area.bottom}}, kAxisInk, 1});
  scene.add(Scene::Line{{{area.left, area.bottom}, {area.right, area.bottom}}, kAxisInk, 1});
}

}  // namespace tempa::inline TEMPA_ABI::detail
