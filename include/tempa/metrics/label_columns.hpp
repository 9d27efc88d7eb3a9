// Scores of rows with several labels, one from each label column.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

/// Scores of one label column, or the mean of all.
struct LabelColumnScores {
  double accuracy = 0.0;
  double precision_macro = 0.0;  ///< plain mean of the classes that occur in the column, as a label or a prediction
  double recall_macro = 0.0;
  double f1_macro = 0.0;
};

/// Scores of each of A label columns, and of all.
struct LabelColumnsScores {
  std::vector<LabelColumnScores> columns;  ///< (A)
  LabelColumnScores mean;                  ///< plain mean of the columns; `accuracy` is that of all labels
  LabelColumnScores pooled;                ///< all labels taken as one column, class k of each as one class k
  double row_accuracy = 0.0;               ///< share of the rows with all labels right
};

namespace detail {
inline LabelColumnScores label_column_scores(std::span<const std::int32_t> labels,
                                             std::span<const std::int32_t> predictions, Index num_classes) {
  const ConfusionMatrix matrix = confusion_matrix(labels, predictions, num_classes);
  const Scores macro = precision_recall_f1(matrix, {.classes = matrix.present_classes()}).macro;
  return {.accuracy = accuracy(matrix),
          .precision_macro = macro.precision,
          .recall_macro = macro.recall,
          .f1_macro = macro.f1};
}
}  // namespace detail

/// Scores of labels (n,A), row after row.
///   mean.f1_macro = 1/A sum_a f1_macro_a, and likewise recall and precision; f1_macro_a is scikit-learn's
///   f1_score(labels[:, a], predictions[:, a], average="macro", zero_division=0), over the classes that occur in it;
///   mean.accuracy = (number of right labels) / (n A);
///   pooled.f1_macro = f1_score(labels.ravel(), predictions.ravel(), average="macro", zero_division=0): what IndoNLU
///   calls the F1 of aspect-based sentiment, meant for columns of the same classes.
/// @param labels (n A) true classes. @param predictions (n A) predicted ones.
/// @param num_classes (A) number of classes of each column.
/// @throws ShapeError when the sizes do not match; ValueError when there is no row, or for a class out of range.
/// @source scikit-learn; `pooled`: absa_metrics_fn of IndoNLU (Wilie et al. 2020)
inline LabelColumnsScores label_columns_scores(std::span<const std::int32_t> labels,
                                               std::span<const std::int32_t> predictions,
                                               std::span<const Index> num_classes) {
  const std::size_t columns = num_classes.size();
  if (labels.size() != predictions.size() || columns == 0 || labels.size() % columns != 0)
    throw ShapeError(concat("[label_columns_scores] expected labels and predictions of ", columns, " columns but has ",
                            labels.size(), " and ", predictions.size()));
  if (labels.empty()) throw ValueError("[label_columns_scores] expected at least one row but got none");
  LabelColumnsScores result;
  const auto share = [&](double value) { return value / static_cast<double>(columns); };
  for (std::size_t a = 0; a < columns; ++a) {
    std::vector<std::int32_t> expected, predicted;
    for (std::size_t i = a; i < labels.size(); i += columns) {
      expected.push_back(labels[i]);
      predicted.push_back(predictions[i]);
    }
    const LabelColumnScores scores = detail::label_column_scores(expected, predicted, num_classes[a]);
    result.columns.push_back(scores);
    result.mean.precision_macro += share(scores.precision_macro);
    result.mean.recall_macro += share(scores.recall_macro);
    result.mean.f1_macro += share(scores.f1_macro);
  }
  result.pooled =
      detail::label_column_scores(labels, predictions, *std::max_element(num_classes.begin(), num_classes.end()));
  result.mean.accuracy = result.pooled.accuracy;
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); i += columns) {
    bool all = true;
    for (std::size_t a = 0; a < columns; ++a) all = all && labels[i + a] == predictions[i + a];
    right += all ? 1 : 0;
  }
  result.row_accuracy = static_cast<double>(right) / static_cast<double>(labels.size() / columns);
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
