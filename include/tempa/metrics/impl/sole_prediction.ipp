// The bodies of <tempa/metrics/sole_prediction.hpp>.
#pragma once

#include <tempa/metrics/sole_prediction.hpp>

#include <cstddef>
#include <span>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::optional<Index> sole_prediction(const ConfusionMatrix& confusion) {
  std::optional<Index> predicted;
  Index true_classes = 0;
  for (Index i = 0; i < confusion.num_classes(); ++i) {
    bool is_there = false;
    for (Index j = 0; j < confusion.num_classes(); ++j) {
      if (confusion(i, j) == 0) continue;
      if (predicted && *predicted != j) return std::nullopt;
      predicted = j;
      is_there = true;
    }
    true_classes += is_there ? 1 : 0;
  }
  return true_classes > 1 ? predicted : std::nullopt;
}

TEMPA_INLINE std::optional<std::vector<Index>> sole_prediction(const Tensor<float>& targets,
                                                               const Tensor<float>& outputs) {
  if (targets.rank() != 2 || targets.shape() != outputs.shape())
    throw ShapeError(concat("[sole_prediction] targets and outputs must be (n,K) both but are ", targets.shape(),
                            " and ", outputs.shape()));
  const auto width = static_cast<std::size_t>(targets.size(1));
  const auto all_equal = [&](std::span<const float> values) {
    for (std::size_t at = width; at < values.size(); ++at)
      if (values[at] != values[at - width]) return false;
    return true;
  };
  if (!all_equal(outputs.span()) || all_equal(targets.span())) return std::nullopt;
  std::vector<Index> labels;
  for (std::size_t k = 0; k < width; ++k)
    if (outputs.span()[k] != 0.0F) labels.push_back(static_cast<Index>(k));
  return labels;
}

}  // namespace tempa::inline TEMPA_ABI
