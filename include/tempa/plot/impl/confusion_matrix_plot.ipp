// The bodies of <tempa/plot/confusion_matrix_plot.hpp>.
#pragma once

#include <tempa/plot/confusion_matrix_plot.hpp>
#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/detail/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// White at 0, dark blue at 1; lightness falls evenly.
inline Scene::Color heat_color(double share) {
  constexpr double kStops[][3] = {{255, 255, 255}, {198, 219, 239}, {107, 174, 214}, {33, 113, 181}, {8, 48, 107}};
  const double at = std::clamp(share, 0.0, 1.0) * 4;
  const auto i = std::min<std::size_t>(3, static_cast<std::size_t>(at));
  const double t = at - static_cast<double>(i);
  const auto mix = [&](std::size_t part) {
    return static_cast<std::uint8_t>(std::lround(kStops[i][part] + (kStops[i + 1][part] - kStops[i][part]) * t));
  };
  return {mix(0), mix(1), mix(2)};
}

/// A name for each of `count` classes: their numbers where there are no names.
/// @throws ShapeError when there are names, but not one for each class.
inline std::vector<std::string> names_or_numbers(std::string_view who, const std::vector<std::string>& names,
                                                 Index count) {
  if (!names.empty() && static_cast<Index>(names.size()) != count)
    throw ShapeError(concat("[", who, "] expected a name for each of ", count, " classes but got ", names.size()));
  std::vector<std::string> result = names;
  for (Index k = static_cast<Index>(result.size()); k < count; ++k) result.push_back(std::to_string(k));
  return result;
}

/// Lays out and draws one matrix.
class ConfusionMatrixPlot {
 public:
  ConfusionMatrixPlot(const ConfusionMatrix& matrix, const std::vector<std::string>& names,
                      ConfusionMatrixPlotOptions options)
      : matrix_(matrix),
        names_(names_or_numbers("plot_confusion_matrix", names, matrix.num_classes())),
        options_(std::move(options)),
        classes_(matrix.num_classes()),
        cell_(std::clamp(300.0 / static_cast<double>(classes_), 26.0, 76.0)),
        side_(cell_ * static_cast<double>(classes_)) {
    for (Index t = 0; t < classes_; ++t)
      for (Index p = 0; p < classes_; ++p)
        if (std::isfinite(value(t, p))) largest_ = std::max(largest_, value(t, p));
    for (const std::string& name : names_) {
      row_labels_.push_back(fit_text(name, kTickSize, 200, cell_ > 36 ? 3 : 2));
      column_labels_.push_back(fit_text(name, kTickSize, cell_ - 6, 3));
      row_label_width_ = std::max(row_label_width_, drawn_width(row_labels_.back(), kTickSize));
      turned_ = turned_ || breaks_words(fit_text(name, kTickSize, 1e9, 1).front(), column_labels_.back());
    }
    if (turned_)
      for (std::size_t k = 0; k < names_.size(); ++k) column_labels_[k] = fit_text(names_[k], kTickSize, 260, 1);
  }

  Picture draw() const {
    // Turned labels hang down to the left of their columns: the first ones may reach over the row labels.
    double below = 0, overhang = 0;
    const double slope = std::numbers::sqrt2 / 2;
    for (std::size_t k = 0; k < names_.size(); ++k) {
      const double width = drawn_width(column_labels_[k], kTickSize);
      below = std::max(below, turned_ ? width * slope + kTickSize
                                      : 1.25 * kTickSize * static_cast<double>(column_labels_[k].size()));
      if (turned_) overhang = std::max(overhang, width * slope - cell_ * (static_cast<double>(k) + 0.5));
    }
    const double left = 12 + kLabelSize * 1.7 + std::max(row_label_width_ + 8, overhang + 4);
    const double width = left + side_ + 18 + 12 + 6 + bar_label_width() + 14;
    const double title = title_height(options_.title, width - 20);
    const double top = 12 + title, bottom = top + side_;
    Picture picture(width, bottom + 8 + below + kLabelSize * 2.2 + 6, options_.title);
    add_title(picture, options_.title, 10, 8, width - 20);
    draw_cells(picture, left, top);
    draw_labels(picture, left, top, slope);
    picture.add(Scene::Text{.position = {left + side_ / 2, picture.height() - 12},
                            .text = fit_text(options_.predicted_label, kLabelSize, width - 20, 1).front(),
                            .size = kLabelSize,
                            .color = kInk,
                            .anchor = Scene::Anchor::kMiddle});
    picture.add(Scene::Text{.position = {10 + kLabelSize, top + side_ / 2},
                            .text = fit_text(options_.true_label, kLabelSize, picture.height() - 20, 1).front(),
                            .size = kLabelSize,
                            .color = kInk,
                            .anchor = Scene::Anchor::kMiddle,
                            .rotation = -90});
    draw_bar(picture, left + side_ + 18, top);
    return picture;
  }

 private:
  /// Whether a text was torn inside of a word, or cut, to fit under its column.
  static bool breaks_words(const std::string& whole, const std::vector<std::string>& lines) {
    std::size_t at = 0;
    for (const std::string& line : lines) {
      while (at < whole.size() && whole[at] == ' ') ++at;
      if (whole.compare(at, line.size(), line) != 0) return true;
      at += line.size();
      const bool wide = at < whole.size() && (static_cast<unsigned char>(whole[at]) & 0x80u) != 0;
      if (at < whole.size() && whole[at] != ' ' && !wide) return true;
    }
    return at < whole.size();
  }

  double value(Index t, Index p) const {
    const auto count = static_cast<double>(matrix_(t, p));
    switch (options_.normalize) {
      case Normalize::kTrue:
        return count / static_cast<double>(matrix_.support(t));
      case Normalize::kPred:
        return count / static_cast<double>(matrix_.predicted(p));
      case Normalize::kAll:
        return count / static_cast<double>(matrix_.total());
      case Normalize::kNone:
        break;
    }
    return count;
  }
  std::string cell_text(Index t, Index p) const {
    const double shown = value(t, p);
    if (!std::isfinite(shown)) return "–";  // a class without examples has no shares
    return options_.normalize == Normalize::kNone ? std::to_string(matrix_(t, p)) : fixed_number(shown, 2);
  }
  double bar_top() const {
    const bool share = options_.normalize == Normalize::kTrue || options_.normalize == Normalize::kPred;
    return share || largest_ <= 0 ? 1.0 : largest_;
  }

  Axis bar_axis() const {
    return make_axis(0, bar_top(), {.max_ticks = 5, .integer = options_.normalize == Normalize::kNone, .margin = 0});
  }
  double bar_label_width() const {
    const Axis axis = bar_axis();
    return std::max(drawn_width(axis.labels, kTickSize - 1), axis.exponent == 0 ? 0.0 : 14.0);
  }

  void draw_cells(Picture& picture, double left, double top) const {
    for (Index t = 0; t < classes_; ++t)
      for (Index p = 0; p < classes_; ++p) {
        const double x = left + cell_ * static_cast<double>(p), y = top + cell_ * static_cast<double>(t);
        const double share = std::isfinite(value(t, p)) ? value(t, p) / bar_top() : 0;
        picture.add(Scene::Rectangle{x, y, cell_, cell_, heat_color(share)});
        const std::string text = cell_text(t, p);
        const double size = std::min(std::min(12.0, cell_ * 0.36), 0.86 * cell_ / std::max(drawn_width(text, 1), 0.1));
        const Scene::Color ink = share > 0.55 ? Scene::Color{255, 255, 255}
                                 : share > 0  ? kInk
                                              : Scene::Color{150, 150, 150};
        picture.add(Scene::Text{.position = {x + cell_ / 2, y + cell_ / 2 + 0.35 * size},
                                .text = text,
                                .size = size,
                                .color = ink,
                                .anchor = Scene::Anchor::kMiddle});
      }
    for (Index i = 0; i <= classes_; ++i) {
      const double offset = cell_ * static_cast<double>(i);
      const Scene::Color ink = i == 0 || i == classes_ ? kAxisInk : kGridInk;
      picture.add(Scene::Line{{{left, top + offset}, {left + side_, top + offset}}, ink, 0.8});
      picture.add(Scene::Line{{{left + offset, top}, {left + offset, top + side_}}, ink, 0.8});
    }
    for (const double offset : {0.0, side_}) {
      picture.add(Scene::Line{{{left, top + offset}, {left + side_, top + offset}}, kAxisInk, 0.8});
      picture.add(Scene::Line{{{left + offset, top}, {left + offset, top + side_}}, kAxisInk, 0.8});
    }
  }

  void draw_labels(Picture& picture, double left, double top, double slope) const {
    for (std::size_t k = 0; k < names_.size(); ++k) {
      const double middle = cell_ * (static_cast<double>(k) + 0.5),
                   lines = static_cast<double>(row_labels_[k].size() - 1);
      add_lines(picture, row_labels_[k],
                {.position = {left - 8, top + middle + (0.35 - 0.575 * lines) * kTickSize},
                 .size = kTickSize,
                 .color = kInk,
                 .anchor = Scene::Anchor::kEnd},
                1.15);
      if (turned_) {
        picture.add(
            Scene::Text{.position = {left + middle + 0.35 * kTickSize * slope, top + side_ + 4 + kTickSize * slope},
                        .text = column_labels_[k].front(),
                        .size = kTickSize,
                        .color = kInk,
                        .anchor = Scene::Anchor::kEnd,
                        .rotation = -45});
      } else {
        add_lines(picture, column_labels_[k],
                  {.position = {left + middle, top + side_ + 6 + kTickSize},
                   .size = kTickSize,
                   .color = kInk,
                   .anchor = Scene::Anchor::kMiddle});
      }
    }
  }

  void draw_bar(Picture& picture, double left, double top) const {
    constexpr int kSteps = 128;
    for (int i = 0; i < kSteps; ++i)  // each reaches to the bottom, so that no seam shows between two
      picture.add(Scene::Rectangle{left, top + side_ * i / kSteps, 12, side_ - side_ * i / kSteps,
                                   heat_color(1 - (i + 0.5) / kSteps)});
    const Axis axis = bar_axis();
    for (std::size_t i = 0; i < axis.ticks.size(); ++i) {
      const double y = top + side_ * (1 - axis.ticks[i] / bar_top());
      picture.add(Scene::Line{{{left + 12, y}, {left + 15, y}}, kAxisInk, 0.8});
      picture.add(Scene::Text{.position = {left + 18, y + 0.34 * (kTickSize - 1)},
                              .text = axis.labels[i],
                              .size = kTickSize - 1,
                              .color = kInk});
    }
    if (axis.exponent != 0)
      picture.add(Scene::Text{.position = {left, top + side_ + 6 + kTickSize},
                              .text = "×" + power_of_ten(axis.exponent),
                              .size = kTickSize - 1,
                              .color = kInk});
  }

  const ConfusionMatrix& matrix_;
  std::vector<std::string> names_;
  ConfusionMatrixPlotOptions options_;
  Index classes_;
  double cell_, side_;
  double largest_ = 0, row_label_width_ = 0;
  std::vector<std::vector<std::string>> row_labels_, column_labels_;
  bool turned_ = false;
};

}  // namespace detail

TEMPA_INLINE Picture plot_confusion_matrix(const ConfusionMatrix& matrix, const std::vector<std::string>& names,
                                           ConfusionMatrixPlotOptions options) {
  constexpr Index kMostClasses = 400;
  if (matrix.num_classes() > kMostClasses)
    throw ValueError(
        concat("[plot_confusion_matrix] expected at most ", kMostClasses, " classes but got ", matrix.num_classes()));
  return detail::ConfusionMatrixPlot(matrix, names, std::move(options)).draw();
}

}  // namespace tempa::inline TEMPA_ABI
