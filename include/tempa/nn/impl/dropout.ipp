// The bodies of <tempa/nn/dropout.hpp>.
#pragma once

#include <tempa/nn/dropout.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Dropout::Dropout(double probability) : drop_prob(probability) {
  if (!(drop_prob >= 0.0 && drop_prob <= 1.0))
    throw ConfigError(concat("[Dropout] drop_prob must be in [0,1] but is ", drop_prob));
}

}  // namespace tempa::inline TEMPA_ABI
