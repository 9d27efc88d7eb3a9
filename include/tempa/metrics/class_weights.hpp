// Class weights that balance rare and frequent classes.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

TEMPA_COMPILED_FILE("metrics");

namespace tempa::inline TEMPA_ABI {

/// n / (K n_k): weights that give every class the same total weight, e.g. for `ClassificationLossOptions`.
/// @param labels (n) class of each row. @param num_classes K.
/// @return (K); 0 for a class without rows.
/// @throws ValueError for a class outside of [0,K). @source scikit-learn `compute_class_weight("balanced")`
inline std::vector<double> balanced_class_weights(std::span<const std::int32_t> labels, Index num_classes) {
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
