// The bodies of <tempa/train/training_plots.hpp>.
#pragma once

#include <tempa/plot/detail/chart_frame.hpp>
#include <tempa/plot/line_chart.hpp>
#include <tempa/train/trainer.hpp>
#include <tempa/train/training_plots.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// "f1_macro" as "F1 (macro)" and the like; other names stay, with spaces.
inline std::string metric_title(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kTitles[] = {{"loss", "Loss"},
                                                                       {"accuracy", "Accuracy"},
                                                                       {"f1_macro", "F1 (macro)"},
                                                                       {"f1_micro", "F1 (micro)"},
                                                                       {"recall_macro", "Recall (macro)"},
                                                                       {"recall_micro", "Recall (micro)"},
                                                                       {"precision_macro", "Precision (macro)"},
                                                                       {"precision_micro", "Precision (micro)"},
                                                                       {"mse", "Mean squared error"},
                                                                       {"mae", "Mean absolute error"},
                                                                       {"pearson", "Pearson's r"},
                                                                       {"spearman", "Spearman's ρ"}};
  for (const auto& [key, title] : kTitles)
    if (key == name) return std::string(title);
  std::string text(name);
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

/// A metric of training and validation over the epochs.
inline std::vector<Series> epoch_series(std::span<const EpochRecord> history, std::string_view name) {
  Series train{"Training", {}, {}}, valid{"Validation", {}, {}};
  for (const EpochRecord& record : history) {
    const auto epoch = static_cast<double>(record.epoch);
    if (record.train.contains(name)) {
      train.x.push_back(epoch);
      train.y.push_back(record.train[name]);
    }
    if (record.valid && record.valid->contains(name)) {  // epochs without an evaluation leave no gaps
      valid.x.push_back(epoch);
      valid.y.push_back((*record.valid)[name]);
    }
  }
  std::vector<Series> series{std::move(train)};
  if (!valid.x.empty()) series.push_back(std::move(valid));
  return series;
}

}  // namespace detail

TEMPA_INLINE Picture plot_learning_curves(std::span<const EpochRecord> history, const LearningCurvesOptions& options) {
  std::vector<std::string> metrics{"loss"};
  const auto known = [&](std::string_view name) {
    return std::any_of(history.begin(), history.end(), [&](const EpochRecord& record) {
      return record.train.contains(name) || (record.valid && record.valid->contains(name));
    });
  };
  for (const std::string& name : options.metrics) {
    if (!known(name)) throw ConfigError(concat("[plot_learning_curves] no epoch has the metric '", name, "'"));
    if (name != "loss") metrics.push_back(name);
  }
  if (options.metrics.empty())
    for (const char* name : {"accuracy", "f1_macro", "mse"})
      if (known(name)) metrics.emplace_back(name);
  const double width = options.panel_width * static_cast<double>(metrics.size());
  const double title = detail::title_height(options.title, width - 20);
  Picture picture(width, options.panel_height + title, options.title);
  detail::add_title(picture, options.title, 10, 8, width - 20);
  for (std::size_t i = 0; i < metrics.size(); ++i) {
    const Picture panel =
        plot_lines(detail::epoch_series(history, metrics[i]), {.x_label = "Epoch",
                                                               .y_label = detail::metric_title(metrics[i]),
                                                               .width = options.panel_width,
                                                               .height = options.panel_height,
                                                               .integer_x = true});
    picture.add(panel, options.panel_width * static_cast<double>(i), title);
  }
  return picture;
}

TEMPA_INLINE Picture plot_learning_rate(std::span<const double> rates, std::string x_label, std::string title) {
  Series series;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(rates[i]);
  }
  return plot_lines(std::span(&series, 1), {.title = std::move(title),
                                            .x_label = std::move(x_label),
                                            .y_label = "Learning rate",
                                            .integer_x = true,
                                            .y_from_zero = true});
}

}  // namespace tempa::inline TEMPA_ABI
