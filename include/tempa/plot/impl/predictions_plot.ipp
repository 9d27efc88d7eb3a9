// The bodies of <tempa/plot/predictions_plot.hpp>.
#pragma once

#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/detail/svg.hpp>
#include <tempa/plot/predictions_plot.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Picture plot_predictions(const std::vector<PredictedExample>& examples,
                                      const PredictionsPlotOptions& options) {
  constexpr std::size_t kMostExamples = 200;
  if (examples.empty() || examples.size() > kMostExamples)
    throw ValueError(concat("[plot_predictions] expected 1 to ", kMostExamples, " examples but got ", examples.size()));
  constexpr double kSize = 10, kLeading = 1.35 * kSize, kPadding = 7, kMark = 26;
  const double class_width = std::clamp(0.2 * options.width, 80.0, 160.0), right = options.width - 12;
  const double actual = right - class_width, predicted = actual - class_width - 12, text_left = 12 + kMark;
  struct Row {
    std::vector<std::string> text, predicted, actual;
    double height = 0;
  };
  std::vector<Row> rows;
  const double title = detail::title_height(options.title, options.width - 20);
  const double head = 10 + title + 20;
  double height = head;
  for (const PredictedExample& example : examples) {
    Row row{fit_text(example.text, kSize, predicted - text_left - 14, 3),
            fit_text(example.predicted, kSize, class_width - 8, 2),
            fit_text(example.actual, kSize, class_width - 8, 2)};
    const std::size_t lines = std::max({row.text.size(), row.predicted.size() + 1, row.actual.size()});
    row.height = kLeading * static_cast<double>(lines) + 2 * kPadding;
    height += row.height;
    rows.push_back(std::move(row));
  }
  Picture picture(options.width, height + 10, options.title);
  detail::add_title(picture, options.title, 10, 8, options.width - 20);
  const auto write = [&](double x, double y, const std::vector<std::string>& lines, Scene::Color color, bool bold) {
    detail::add_lines(picture, lines, {.position = {x, y}, .size = kSize, .color = color, .bold = bold}, 1.35);
  };
  write(text_left, head - 7, {"Text"}, detail::kInk, true);
  write(predicted, head - 7, {"Predicted"}, detail::kInk, true);
  write(actual, head - 7, {"Actual"}, detail::kInk, true);
  picture.add(Scene::Line{{{12, head}, {right, head}}, detail::kAxisInk, 1});
  double y = head;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool correct = examples[i].predicted == examples[i].actual;
    const Scene::Color color = detail::series_color(correct ? 0 : 1);
    const double base = y + kPadding + 0.9 * kSize, middle = base - 0.36 * kSize;
    if (correct) {
      picture.add(Scene::Line{{{16, middle}, {19.5, middle + 4}, {26, middle - 4.5}}, color, 2});
    } else {
      picture.add(Scene::Line{{{17, middle - 4}, {25, middle + 4}}, color, 2});
      picture.add(Scene::Line{{{25, middle - 4}, {17, middle + 4}}, color, 2});
    }
    const bool reversed = is_right_to_left(examples[i].text);
    detail::add_lines(picture, rows[i].text,
                      {.position = {reversed ? predicted - 14 : text_left, base},
                       .size = kSize,
                       .color = detail::kInk,
                       .anchor = reversed ? Scene::Anchor::kEnd : Scene::Anchor::kStart},
                      1.35);
    write(predicted, base, rows[i].predicted, color, true);
    write(actual, base, rows[i].actual, detail::kInk, false);
    const double share = std::isfinite(examples[i].probability) ? std::clamp(examples[i].probability, 0.0, 1.0) : 0;
    const double bar = base + kLeading * static_cast<double>(rows[i].predicted.size()) - kSize * 0.75,
                 room = class_width - 44;
    picture.add(Scene::Rectangle{predicted, bar, room, 7, detail::kGridInk});
    picture.add(Scene::Rectangle{predicted, bar, room * share, 7, color});
    const std::string percent =
        std::isfinite(examples[i].probability) ? detail::fixed_number(100 * examples[i].probability, 1) + "%" : "–";
    picture.add(Scene::Text{
        .position = {predicted + room + 5, bar + 7}, .text = percent, .size = kSize - 1, .color = detail::kInk});
    y += rows[i].height;
    picture.add(Scene::Line{{{12, y}, {right, y}}, detail::kGridInk, 0.8});
  }
  return picture;
}

TEMPA_INLINE Picture plot_predictions(std::span<const double> actual, std::span<const double> predicted,
                                      const LineChartOptions& options) {
  if (actual.size() != predicted.size())
    throw ShapeError(concat("[plot_predictions] predicted must have as many values as actual, ", actual.size(),
                            ", but has ", predicted.size()));
  double low = std::numeric_limits<double>::infinity(), high = -low;
  detail::extend_range(actual, predicted, low, high);
  if (!detail::extend_range(predicted, actual, low, high)) low = 0, high = 1;
  Picture picture(options.width, options.height, options.title);
  const detail::ChartFrame frame(picture, low, high, low, high,
                                 {.title = options.title, .x_label = options.x_label, .y_label = options.y_label});
  picture.add(Scene::Line{
      {{frame.x_of(frame.y.low), frame.y_of(frame.y.low)}, {frame.x_of(frame.y.high), frame.y_of(frame.y.high)}},
      detail::kAxisInk,
      1,
      {4, 3}});
  for (std::size_t i = 0; i < actual.size(); ++i)
    if (std::isfinite(actual[i]) && std::isfinite(predicted[i]))
      picture.add(Scene::Circle{{frame.x_of(actual[i]), frame.y_of(predicted[i])}, 2.2, detail::series_color(0)});
  return picture;
}

}  // namespace tempa::inline TEMPA_ABI
