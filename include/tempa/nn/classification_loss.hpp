// The options of a classifier's loss.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/ops/cross_entropy.hpp>

#include <vector>

TEMPA_COMPILED_FILE("nn");

namespace tempa::inline TEMPA_ABI {

/// How the loss of a classifier is computed in training. `evaluate` reports the loss without them.
struct ClassificationLossOptions {
  std::vector<double> class_weights{};  ///< (K) weight of each class's rows, or empty for 1
  double label_smoothing = 0.0;         ///< share of the target that is spread over all classes
};

inline CrossEntropyOptions cross_entropy_options(const ClassificationLossOptions& options) {
  return {.class_weights = options.class_weights, .label_smoothing = options.label_smoothing};
}

}  // namespace tempa::inline TEMPA_ABI
