// The bodies of <tempa/metrics/multi_label.hpp>.
#pragma once

#include <tempa/metrics/multi_label.hpp>

#include <algorithm>
#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Tensor<float> indicators(const Tensor<float>& scores, float threshold) {
  Tensor<float> result(scores.shape());
  for (std::size_t i = 0; i < result.span().size(); ++i) result.span()[i] = scores.span()[i] >= threshold ? 1.0F : 0.0F;
  return result;
}

TEMPA_INLINE MultiLabelCounts multi_label_counts(const Tensor<float>& targets, const Tensor<float>& predictions,
                                                 std::span<const Index> classes) {
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
