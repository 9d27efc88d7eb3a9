// The bodies of <tempa/metrics/accuracy.hpp>.
#pragma once

#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/multi_label.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE double accuracy(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions) {
  if (labels.size() != predictions.size())
    throw ShapeError(concat("[accuracy] predictions must have the size of labels, ", labels.size(), ", but has ",
                            predictions.size()));
  if (labels.empty()) throw ValueError("[accuracy] expected at least one prediction but got none");
  Index right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += labels[i] == predictions[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

TEMPA_INLINE double accuracy(const ConfusionMatrix& matrix) {
  if (matrix.total() == 0) throw ValueError("[accuracy] expected at least one prediction but got none");
  return static_cast<double>(matrix.correct()) / static_cast<double>(matrix.total());
}

TEMPA_INLINE double accuracy(const Tensor<float>& targets, const Tensor<float>& predictions) {
  const MultiLabelCounts counts = multi_label_counts(targets, predictions);
  if (counts.samples.empty()) throw ValueError("[accuracy] expected at least one prediction but got none");
  Index right = 0;
  for (const ClassCounts& sample : counts.samples)
    right += sample.correct == sample.predicted && sample.correct == sample.support ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(counts.samples.size());
}

}  // namespace tempa::inline TEMPA_ABI
