// Counts how often each class was predicted for each true class; accuracy, precision, recall and F1 follow from it.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Counts of (true class, predicted class), which may be added up batch by batch.
/// @source scikit-learn `confusion_matrix(labels=range(num_classes))`
class ConfusionMatrix {
 public:
  /// @param num_classes K. @throws ValueError when it is not positive.
  explicit ConfusionMatrix(Index num_classes);

  /// Adds examples.
  /// @param labels (n) true classes. @param predictions (n) predicted classes.
  /// @throws ShapeError when the sizes differ, ValueError for a class outside of [0, K); then nothing is counted.
  void add(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions);

  /// Adds the counts of another matrix. @throws ShapeError when it has another number of classes.
  ConfusionMatrix& operator+=(const ConfusionMatrix& other);

  /// K.
  Index num_classes() const { return num_classes_; }
  /// Number of examples of class `label` for which `prediction` was predicted. @throws ValueError when out of range.
  Index operator()(Index label, Index prediction) const;
  /// Number of examples.
  Index total() const { return std::accumulate(counts_.begin(), counts_.end(), Index{0}); }
  /// Number of correctly predicted examples.
  Index correct() const;
  /// Number of examples that are of class `k`.
  Index support(Index k) const;
  /// Number of examples for which class `k` was predicted.
  Index predicted(Index k) const;
  /// Classes that occur as a label or a prediction, in order: those that scikit-learn averages over by default.
  std::vector<Index> present_classes() const;
  /// (K,K) a row for each true class.
  Tensor<std::int64_t> to_tensor() const { return Tensor<std::int64_t>::from(counts_, {num_classes_, num_classes_}); }

 private:
  std::size_t offset(Index label, Index prediction) const;
  void check(const char* what, Index value, std::size_t i) const;

  Index num_classes_;
  std::vector<std::int64_t> counts_;  // (K,K)
};

/// The confusion matrix of some predictions.
/// @param labels (n) true classes. @param predictions (n) predicted classes. @param num_classes K.
/// @throws ShapeError, ValueError as `ConfusionMatrix`.
ConfusionMatrix confusion_matrix(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions,
                                 Index num_classes);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/confusion_matrix.ipp>
#endif
