// Predictions next to what was right: examples of a classifier, values of a regression.
#pragma once

#include <tempa/plot/line_chart.hpp>

#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An example and what a classifier made of it.
struct PredictedExample {
  std::string text;
  std::string predicted;   ///< name of the class
  std::string actual;      ///< name of the class
  double probability = 1;  ///< of the predicted class, from 0 to 1
};

/// Options of `plot_predictions`.
struct PredictionsPlotOptions {
  std::string title = "Predictions vs. actuals";
  double width = 640;
};

/// A table of examples: a mark for right or wrong, the text in at most three lines, the predicted class with its
/// probability as a bar, the actual class. Blue and a tick is right, orange and a cross is wrong.
/// @throws ValueError for no or more than 200 examples, or invalid UTF-8.
/// @source the figure of PyTorch's TensorBoard tutorial (plot_classes_preds), for texts
Picture plot_predictions(const std::vector<PredictedExample>& examples, const PredictionsPlotOptions& options = {});

/// Predicted against actual values as points, with the line on which both are equal. Points that are not finite are
/// left out.
/// @param actual (n). @param predicted (n).
/// @throws ShapeError when the numbers differ.
Picture plot_predictions(
    std::span<const double> actual, std::span<const double> predicted,
    const LineChartOptions& options = {
        .title = "Predictions vs. actuals", .x_label = "Actual", .y_label = "Predicted", .width = 360, .height = 360});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/impl/predictions_plot.ipp>
#endif
