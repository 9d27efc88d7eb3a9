// The bodies of <tempa/metrics/class_weights.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/metrics/class_weights.hpp>

#include <cstddef>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<double> balanced_class_weights(std::span<const std::int32_t> labels, Index num_classes) {
  std::vector<double> weights(static_cast<std::size_t>(num_classes), 0.0);
  for (const std::int32_t label : labels) {
    if (label < 0 || label >= num_classes)
      throw ValueError(
          concat("[balanced_class_weights] expected classes from 0 to ", num_classes - 1, " but got ", label));
    ++weights[static_cast<std::size_t>(label)];
  }
  for (double& weight : weights)
    if (weight > 0) weight = static_cast<double>(labels.size()) / (static_cast<double>(num_classes) * weight);
  return weights;
}

}  // namespace tempa::inline TEMPA_ABI
