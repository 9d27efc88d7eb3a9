// The bodies of <tempa/plot/class_distribution_plot.hpp>.
#pragma once

#include <tempa/plot/class_distribution_plot.hpp>
#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/detail/svg.hpp>

#include <algorithm>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<Index> count_classes(std::span<const std::int32_t> labels, Index num_classes) {
  if (num_classes < 1) throw ValueError(concat("[count_classes] expected at least 1 class but got ", num_classes));
  std::vector<Index> counts(static_cast<std::size_t>(num_classes), 0);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= num_classes)
      throw ValueError(
          concat("[count_classes] expected classes from 0 to ", num_classes - 1, " but label ", i, " is ", labels[i]));
    ++counts[static_cast<std::size_t>(labels[i])];
  }
  return counts;
}

TEMPA_INLINE Picture plot_class_distribution(const std::vector<ClassDistribution>& parts,
                                             const std::vector<std::string>& names,
                                             const ClassDistributionOptions& options) {
  if (parts.empty() || parts.front().counts.empty())
    throw ValueError("[plot_class_distribution] expected at least one part with one class");
  const std::size_t classes = parts.front().counts.size();
  constexpr std::size_t kMostBars = 400;
  if (classes * parts.size() > kMostBars)
    throw ValueError(concat("[plot_class_distribution] expected at most ", kMostBars, " bars but there would be ",
                            classes * parts.size()));
  std::vector<std::string> shown_names = names;
  if (names.empty())
    for (std::size_t k = 0; k < classes; ++k) shown_names.push_back(std::to_string(k));
  if (shown_names.size() != classes)
    throw ShapeError(
        concat("[plot_class_distribution] expected a name for each of ", classes, " classes but got ", names.size()));
  Index largest = 0;
  double longest_note = 0;
  std::vector<std::vector<std::string>> notes;
  std::vector<detail::LegendEntry> legend;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].counts.size() != classes)
      throw ShapeError(concat("[plot_class_distribution] '", parts[i].name, "' must have ", classes, " counts but has ",
                              parts[i].counts.size()));
    double total = 0;
    for (const Index count : parts[i].counts) {
      if (count < 0)
        throw ValueError(concat("[plot_class_distribution] expected counts but '", parts[i].name, "' has ", count));
      total += static_cast<double>(count);
      largest = std::max(largest, count);
    }
    notes.emplace_back();
    for (const Index count : parts[i].counts) {
      const double share = total > 0 ? 100 * static_cast<double>(count) / total : 0;
      notes.back().push_back(std::to_string(count) + " (" + detail::fixed_number(share, 1) + "%)");
      longest_note = std::max(longest_note, drawn_width(notes.back().back(), detail::kTickSize - 1));
    }
    if (parts.size() > 1) legend.push_back({parts[i].name, detail::series_color(i), {}, true});
  }
  const double bar = parts.size() == 1 ? 18 : 13, gap = 12, group = bar * static_cast<double>(parts.size()) + gap;
  std::vector<std::vector<std::string>> labels;
  double label_width = 0;
  for (const std::string& name : shown_names) {
    labels.push_back(fit_text(name, detail::kTickSize, 0.36 * options.width,
                              static_cast<std::size_t>(std::max(1.0, group / (1.25 * detail::kTickSize)))));
    label_width = std::max(label_width, drawn_width(labels.back(), detail::kTickSize));
  }
  const double left = 14 + label_width + 8, right = options.width - 14 - longest_note - 6;
  const double title = detail::title_height(options.title, options.width - 20);
  const detail::Legend legend_rows(legend, options.width - 14 - left);
  const double top = 12 + title + legend_rows.height(), height = group * static_cast<double>(classes);
  Picture picture(options.width, top + height + detail::kTickSize * 1.9 + detail::kLabelSize * 1.8 + 8, options.title);
  detail::add_title(picture, options.title, 10, 8, options.width - 20);
  legend_rows.add_to(picture, left, 8 + title);
  const double scale = (right - left) / static_cast<double>(std::max<Index>(largest, 1));
  const double widest_tick = drawn_width(std::to_string(largest), detail::kTickSize) + 16;
  const Axis axis =
      make_axis(0, static_cast<double>(std::max<Index>(largest, 1)),
                {.max_ticks = static_cast<int>(std::clamp((right - left) / std::max(widest_tick, 45.0), 1.0, 8.0)),
                 .integer = true,
                 .margin = 0});
  for (std::size_t i = 0; i < axis.ticks.size(); ++i) {
    const double x = left + axis.ticks[i] * scale;
    picture.add(Scene::Line{{{x, top}, {x, top + height}}, detail::kGridInk, 0.8});
    picture.add(Scene::Text{.position = {x, top + height + 6 + detail::kTickSize},
                            .text = axis.labels[i],
                            .size = detail::kTickSize,
                            .color = detail::kInk,
                            .anchor = Scene::Anchor::kMiddle});
  }
  for (std::size_t k = 0; k < classes; ++k) {
    const double begin = top + group * static_cast<double>(k), middle = begin + group / 2;
    detail::add_lines(picture, labels[k],
                      {.position = {left - 8, middle + (0.35 - 0.625 * static_cast<double>(labels[k].size() - 1)) *
                                                           detail::kTickSize},
                       .size = detail::kTickSize,
                       .color = detail::kInk,
                       .anchor = Scene::Anchor::kEnd});
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const double y = begin + gap / 2 + bar * static_cast<double>(i),
                   length = static_cast<double>(parts[i].counts[k]) * scale;
      picture.add(Scene::Rectangle{left, y + 0.5, length, bar - 1, detail::series_color(i)});
      picture.add(Scene::Text{.position = {left + length + 6, y + bar / 2 + 0.34 * (detail::kTickSize - 1)},
                              .text = notes[i][k],
                              .size = detail::kTickSize - 1,
                              .color = detail::kInk});
    }
  }
  picture.add(Scene::Line{{{left, top}, {left, top + height}}, detail::kAxisInk, 1});
  const std::string x_label =
      axis.exponent == 0 ? options.x_label : options.x_label + " (×" + detail::power_of_ten(axis.exponent) + ")";
  picture.add(Scene::Text{.position = {(left + right) / 2, picture.height() - 10},
                          .text = fit_text(x_label, detail::kLabelSize, right - left, 1).front(),
                          .size = detail::kLabelSize,
                          .color = detail::kInk,
                          .anchor = Scene::Anchor::kMiddle});
  return picture;
}

}  // namespace tempa::inline TEMPA_ABI
