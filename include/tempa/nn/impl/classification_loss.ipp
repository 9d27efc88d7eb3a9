// The bodies of <tempa/nn/classification_loss.hpp>.
#pragma once

#include <tempa/nn/classification_loss.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE CrossEntropyOptions cross_entropy_options(const ClassificationLossOptions& options) {
  return {.class_weights = options.class_weights, .label_smoothing = options.label_smoothing};
}

}  // namespace tempa::inline TEMPA_ABI
