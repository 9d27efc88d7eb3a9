// The bodies of <tempa/metrics/confusion_matrix.hpp>.
#pragma once

#include <tempa/metrics/confusion_matrix.hpp>

#include <algorithm>
#include <functional>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ConfusionMatrix::ConfusionMatrix(Index num_classes) : num_classes_(num_classes) {
  if (num_classes < 1) throw ValueError(concat("[ConfusionMatrix] expected at least 1 class but got ", num_classes));
  counts_.resize(static_cast<std::size_t>(Shape{num_classes, num_classes}.numel()), 0);
}

TEMPA_INLINE void ConfusionMatrix::add(std::span<const std::int32_t> labels,
                                       std::span<const std::int32_t> predictions) {
  if (labels.size() != predictions.size())
    throw ShapeError(concat("[ConfusionMatrix] predictions must have the size of labels, ", labels.size(), ", but has ",
                            predictions.size()));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    check("label", labels[i], i);
    check("prediction", predictions[i], i);
  }
  for (std::size_t i = 0; i < labels.size(); ++i) ++counts_[offset(labels[i], predictions[i])];
}

TEMPA_INLINE ConfusionMatrix& ConfusionMatrix::operator+=(const ConfusionMatrix& other) {
  if (other.num_classes_ != num_classes_)
    throw ShapeError(concat("[ConfusionMatrix] expected ", num_classes_, " classes but got ", other.num_classes_));
  std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(), std::plus<>());
  return *this;
}

TEMPA_INLINE Index ConfusionMatrix::operator()(Index label, Index prediction) const {
  check("label", label, 0);
  check("prediction", prediction, 0);
  return counts_[offset(label, prediction)];
}

TEMPA_INLINE Index ConfusionMatrix::correct() const {
  Index sum = 0;
  for (Index k = 0; k < num_classes_; ++k) sum += counts_[offset(k, k)];
  return sum;
}

TEMPA_INLINE Index ConfusionMatrix::support(Index k) const {
  Index sum = 0;
  for (Index p = 0; p < num_classes_; ++p) sum += (*this)(k, p);
  return sum;
}

TEMPA_INLINE Index ConfusionMatrix::predicted(Index k) const {
  Index sum = 0;
  for (Index t = 0; t < num_classes_; ++t) sum += (*this)(t, k);
  return sum;
}

TEMPA_INLINE std::vector<Index> ConfusionMatrix::present_classes() const {
  std::vector<Index> present;
  for (Index k = 0; k < num_classes_; ++k)
    if (support(k) + predicted(k) > 0) present.push_back(k);
  return present;
}

TEMPA_INLINE std::size_t ConfusionMatrix::offset(Index label, Index prediction) const {
  return static_cast<std::size_t>(label * num_classes_ + prediction);
}

TEMPA_INLINE void ConfusionMatrix::check(const char* what, Index value, std::size_t i) const {
  if (value < 0 || value >= num_classes_)
    throw ValueError(concat("[ConfusionMatrix] expected classes from 0 to ", num_classes_ - 1, " but ", what, " ", i,
                            " is ", value));
}

TEMPA_INLINE ConfusionMatrix confusion_matrix(std::span<const std::int32_t> labels,
                                              std::span<const std::int32_t> predictions, Index num_classes) {
  ConfusionMatrix matrix(num_classes);
  matrix.add(labels, predictions);
  return matrix;
}

}  // namespace tempa::inline TEMPA_ABI
