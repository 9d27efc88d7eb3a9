// Examples with any number of labels: their tables of 0 and 1, and the counts for precision, recall and F1.
#pragma once

#include <tempa/tensor/tensor.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The counts for precision, recall and F1, of one class or one example.
struct ClassCounts {
  Index correct = 0;    ///< predicted and true
  Index predicted = 0;  ///< predicted
  Index support = 0;    ///< true
};

/// 1 where a score is at least `threshold`, else 0.
/// @param scores (B,K) probabilities, or logits with their threshold. @return (B,K).
Tensor<float> indicators(const Tensor<float>& scores, float threshold = 0.5F);

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
MultiLabelCounts multi_label_counts(const Tensor<float>& targets, const Tensor<float>& predictions,
                                    std::span<const Index> classes = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/multi_label.ipp>
#endif
