// Examples with any number of labels: their tables of 0 and 1, and the counts for precision, recall and F1.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

/// The counts for precision, recall and F1, of one class or one example.
struct ClassCounts {
  Index correct = 0;    ///< predicted and true
  Index predicted = 0;  ///< predicted
  Index support = 0;    ///< true
};

/// 1 where a score is at least `threshold`, else 0.
/// @param scores (B,K) probabilities, or logits with their threshold. @return (B,K).
inline Tensor<float> indicators(const Tensor<float>& scores, float threshold = 0.5F) {
  Tensor<float> result(scores.shape());
  for (std::size_t i = 0; i < result.span().size(); ++i) result.span()[i] = scores.span()[i] >= threshold ? 1.0F : 0.0F;
  return result;
}

/// Calls `f(b, k, is_true, is_predicted)` for each entry.
/// @param targets, @param predictions (B,K) of 0 and 1.
/// @throws ShapeError when the shapes differ or are not (B,K); ValueError for another value than 0 or 1.
template <typename F>
void for_each_indicator(std::string_view who, const Tensor<float>& targets, const Tensor<float>& predictions, F&& f) {
  check_rank(who, "targets", targets.shape(), 2);
  check_shape(who, "predictions", predictions.shape(), targets.shape());
  const auto is_one = [&](std::string_view name, const Tensor<float>& table, Index i) {
    const float value = table.data()[i];
    if (value != 0.0F && value != 1.0F)
      throw ValueError(concat("[", who, "] ", name, " must be 0 or 1 but row ", i / table.size(1), " has ", value));
    return value == 1.0F;
  };
  for (Index b = 0, i = 0; b < targets.size(0); ++b)
    for (Index k = 0; k < targets.size(1); ++k, ++i)
      f(b, k, is_one("targets", targets, i), is_one("predictions", predictions, i));
}

/// Counts of each label and of each example.
struct MultiLabelCounts {
  std::vector<ClassCounts> labels;   ///< (K)
  std::vector<ClassCounts> samples;  ///< (B)
};

/// The counts for precision, recall and F1.
/// @param targets, @param predictions (B,K) of 0 and 1. @param classes labels that `samples` counts; empty: all.
/// @throws ShapeError, ValueError as `for_each_indicator`. @source scikit-learn `multilabel_confusion_matrix`
inline MultiLabelCounts multi_label_counts(const Tensor<float>& targets, const Tensor<float>& predictions,
                                           std::span<const Index> classes = {}) {
  check_rank("multi_label_counts", "targets", targets.shape(), 2);
  MultiLabelCounts counts;
  counts.samples.resize(static_cast<std::size_t>(targets.size(0)));
  counts.labels.resize(static_cast<std::size_t>(targets.size(1)));
  const auto add = [](ClassCounts& entry, bool is_true, bool is_predicted) {
    entry.correct += is_true && is_predicted ? 1 : 0;
    entry.predicted += is_predicted ? 1 : 0;
    entry.support += is_true ? 1 : 0;
  };
  for_each_indicator("multi_label_counts", targets, predictions,
                     [&](Index b, Index k, bool is_true, bool is_predicted) {
                       add(counts.labels[static_cast<std::size_t>(k)], is_true, is_predicted);
                       if (classes.empty() || std::find(classes.begin(), classes.end(), k) != classes.end())
                         add(counts.samples[static_cast<std::size_t>(b)], is_true, is_predicted);
                     });
  return counts;
}

}  // namespace tempa::inline TEMPA_ABI
