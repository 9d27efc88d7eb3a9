// The share of predictions that are right.
#pragma once

#include <tempa/metrics/confusion_matrix.hpp>

namespace tempa::inline TEMPA_ABI {

/// (number of i with labels[i] = predictions[i]) / n.
/// @param labels (n) true classes. @param predictions (n) predicted classes.
/// @throws ShapeError when the sizes differ; ValueError when there is none. @source scikit-learn `accuracy_score`
double accuracy(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions);

/// The same of counted predictions. @throws ValueError when there is none.
double accuracy(const ConfusionMatrix& matrix);

/// Subset accuracy of several labels: the share of examples with all labels right.
/// @param targets, @param predictions (B,K) of 0 and 1 (see `indicators`).
/// @throws ShapeError, ValueError as `multi_label_counts`; ValueError when B is 0. @source scikit-learn
/// `accuracy_score`
double accuracy(const Tensor<float>& targets, const Tensor<float>& predictions);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/accuracy.ipp>
#endif
