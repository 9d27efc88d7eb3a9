// The bodies of <tempa/metrics/label_columns.hpp>.
#pragma once

#include <tempa/metrics/label_columns.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include <algorithm>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

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

TEMPA_INLINE LabelColumnsScores label_columns_scores(std::span<const std::int32_t> labels,
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
