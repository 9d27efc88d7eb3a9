// The options of a classifier's loss.
#pragma once

#include <tempa/ops/cross_entropy.hpp>

#include <vector>

namespace tempa::inline TEMPA_ABI {

/// How the loss of a classifier is computed in training. `evaluate` reports the loss without them.
struct ClassificationLossOptions {
  std::vector<double> class_weights{};  ///< (K) weight of each class's rows, or empty for 1
  double label_smoothing = 0.0;         ///< share of the target that is spread over all classes
};

/// The options of `cross_entropy` that they are.
CrossEntropyOptions cross_entropy_options(const ClassificationLossOptions& options);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/classification_loss.ipp>
#endif
