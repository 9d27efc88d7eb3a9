// The bodies of <tempa/train/early_stopping.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/train/early_stopping.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE EarlyStopping::EarlyStopping(EarlyStoppingOptions options) : options_(options) {
  if (options.patience < 1)
    throw ConfigError(concat("[EarlyStopping] patience must be at least 1 but is ", options.patience));
  if (!(options.min_delta >= 0))
    throw ConfigError(concat("[EarlyStopping] min_delta must not be negative but is ", options.min_delta));
}

TEMPA_INLINE bool EarlyStopping::update(double value) {
  const double gain = options_.greater_is_better ? value - best_.value_or(value) : best_.value_or(value) - value;
  const bool improved = !std::isnan(value) && (!best_ || gain > options_.min_delta);
  if (improved) best_ = value;
  waited_ = improved ? 0 : waited_ + 1;
  return improved;
}

TEMPA_INLINE void EarlyStopping::restore(std::optional<double> best, Index waited) {
  best_ = best;
  waited_ = waited;
}

}  // namespace tempa::inline TEMPA_ABI
