// Scores of several labels a row, one from each label column.
#pragma once

#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Scores of one label column, or the mean of all.
struct LabelColumnScores {
  double accuracy = 0.0;
  double precision_macro = 0.0;  ///< plain mean of the classes that come up in the column, as a label or a prediction
  double recall_macro = 0.0;
  double f1_macro = 0.0;
};

/// Scores of each of A label columns, and of all.
struct LabelColumnsScores {
  std::vector<LabelColumnScores> columns;  ///< (A)
  LabelColumnScores mean;                  ///< plain mean of the columns; `accuracy` is that of all labels
  double row_accuracy = 0.0;               ///< share of the rows with all labels right
};

/// Scores of labels (n,A), row after row.
///   mean.f1_macro = 1/A sum_a f1_macro_a, and likewise recall and precision; f1_macro_a is scikit-learn's
///   f1_score(labels[:, a], predictions[:, a], average="macro", zero_division=0), over the classes that come up in it;
///   mean.accuracy = (number of right labels) / (n A).
/// @param labels (n A) true classes. @param predictions (n A) predicted ones.
/// @param num_classes (A) number of classes of each column.
/// @throws ShapeError when the sizes do not fit; ValueError when there is no row, or for a class out of range.
/// @source the aspect-based sentiment metrics of IndoNLU, by scikit-learn
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
    const ConfusionMatrix matrix = confusion_matrix(expected, predicted, num_classes[a]);
    const Scores macro = precision_recall_f1(matrix, {.classes = matrix.present_classes()}).macro;
    result.columns.push_back({.accuracy = accuracy(matrix),
                              .precision_macro = macro.precision,
                              .recall_macro = macro.recall,
                              .f1_macro = macro.f1});
    result.mean.precision_macro += share(macro.precision);
    result.mean.recall_macro += share(macro.recall);
    result.mean.f1_macro += share(macro.f1);
  }
  result.mean.accuracy = accuracy(labels, predictions);
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
