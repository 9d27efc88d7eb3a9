// The share of predictions that are right.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/multi_label.hpp>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

/// (number of i with labels[i] = predictions[i]) / n.
/// @param labels (n) true classes. @param predictions (n) predicted classes.
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scikit-learn `accuracy_score`
inline double accuracy(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
  if (labels.size() != predictions.size())
    throw ShapeError(concat("[accuracy] predictions must have the size of labels, ", labels.size(), ", but has ",
                            predictions.size()));
  if (labels.empty()) throw ValueError("[accuracy] expected at least one prediction but got none");
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += labels[i] == predictions[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// The same of counted predictions. @throws ValueError when there is none.
inline double accuracy(const ConfusionMatrix& matrix) {
  if (matrix.total() == 0) throw ValueError("[accuracy] expected at least one prediction but got none");
  return static_cast<double>(matrix.correct()) / static_cast<double>(matrix.total());
}

/// Subset accuracy of several labels: the share of examples with all labels right.
/// @param targets, @param predictions (B,K) of 0 and 1 (see `indicators`).
/// @throws ShapeError, ValueError as `multi_label_counts`; ValueError when B is 0. @source scikit-learn
/// `accuracy_score`
inline double accuracy(const Tensor<float>& targets, const Tensor<float>& predictions) {
  const MultiLabelCounts counts = multi_label_counts(targets, predictions);
  if (counts.samples.empty()) throw ValueError("[accuracy] expected at least one prediction but got none");
  Index right = 0;
  for (const ClassCounts& sample : counts.samples)
    right += sample.correct == sample.predicted && sample.correct == sample.support ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(counts.samples.size());
}

}  // namespace tempa::inline TEMPA_ABI
