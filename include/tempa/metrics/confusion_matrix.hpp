// Counts how often each class was predicted for each true class; accuracy, precision, recall and F1 follow from it.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

/// Counts of (true class, predicted class), which may be added up batch by batch.
/// @source scikit-learn `confusion_matrix(labels=range(num_classes))`
class ConfusionMatrix {
 public:
  /// @param num_classes K. @throws ValueError when it is not positive.
  explicit ConfusionMatrix(Index num_classes) : num_classes_(num_classes) {
    if (num_classes < 1) throw ValueError(concat("[ConfusionMatrix] expected at least 1 class but got ", num_classes));
    counts_.resize(static_cast<std::size_t>(Shape{num_classes, num_classes}.numel()), 0);
  }

  /// Adds examples.
  /// @param labels (n) true classes. @param predictions (n) predicted classes.
  /// @throws ShapeError when the sizes differ, ValueError for a class outside of [0, K); then nothing is counted.
  void add(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
    if (labels.size() != predictions.size())
      throw ShapeError(concat("[ConfusionMatrix] predictions must have the size of labels, ", labels.size(),
                              ", but has ", predictions.size()));
    for (std::size_t i = 0; i < labels.size(); ++i) {
      check("label", labels[i], i);
      check("prediction", predictions[i], i);
    }
    for (std::size_t i = 0; i < labels.size(); ++i) ++counts_[offset(labels[i], predictions[i])];
  }

  /// Adds the counts of another matrix. @throws ShapeError when it has another number of classes.
  ConfusionMatrix& operator+=(const ConfusionMatrix& other) {
    if (other.num_classes_ != num_classes_)
      throw ShapeError(concat("[ConfusionMatrix] expected ", num_classes_, " classes but got ", other.num_classes_));
    std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(), std::plus<>());
    return *this;
  }

  /// K.
  Index num_classes() const { return num_classes_; }
  /// Number of examples of class `label` for which `prediction` was predicted. @throws ValueError when out of range.
  Index operator()(Index label, Index prediction) const {
    check("label", label, 0);
    check("prediction", prediction, 0);
    return counts_[offset(label, prediction)];
  }
  /// Number of examples.
  Index total() const { return std::accumulate(counts_.begin(), counts_.end(), Index{0}); }
  /// Number of correctly predicted examples.
  Index correct() const {
    Index sum = 0;
    for (Index k = 0; k < num_classes_; ++k) sum += counts_[offset(k, k)];
    return sum;
  }
  /// Number of examples that are of class `k`.
  Index support(Index k) const {
    Index sum = 0;
    for (Index p = 0; p < num_classes_; ++p) sum += (*this)(k, p);
    return sum;
  }
  /// Number of examples for which class `k` was predicted.
  Index predicted(Index k) const {
    Index sum = 0;
    for (Index t = 0; t < num_classes_; ++t) sum += (*this)(t, k);
    return sum;
  }
  /// Classes that occur as a label or a prediction, in order: those that scikit-learn averages over by default.
  std::vector<Index> present_classes() const {
    std::vector<Index> present;
    for (Index k = 0; k < num_classes_; ++k)
      if (support(k) + predicted(k) > 0) present.push_back(k);
    return present;
  }
  /// (K,K) a row for each true class.
  Tensor<std::int64_t> to_tensor() const { return Tensor<std::int64_t>::from(counts_, {num_classes_, num_classes_}); }

 private:
  std::size_t offset(Index label, Index prediction) const {
    return static_cast<std::size_t>(label * num_classes_ + prediction);
  }
  void check(const char* what, Index value, std::size_t i) const {
    if (value < 0 || value >= num_classes_)
      throw ValueError(concat("[ConfusionMatrix] expected classes from 0 to ", num_classes_ - 1, " but ", what, " ", i,
                              " is ", value));
  }

  Index num_classes_;
  std::vector<std::int64_t> counts_;  // (K,K)
};

/// The confusion matrix of some predictions.
/// @param labels (n) true classes. @param predictions (n) predicted classes. @param num_classes K.
/// @throws ShapeError, ValueError as `ConfusionMatrix`.
inline ConfusionMatrix confusion_matrix(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions,
                                        Index num_classes) {
  ConfusionMatrix matrix(num_classes);
  matrix.add(labels, predictions);
  return matrix;
}

}  // namespace tempa::inline TEMPA_ABI
