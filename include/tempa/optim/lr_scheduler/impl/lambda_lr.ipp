// The bodies of <tempa/optim/lr_scheduler/lambda_lr.hpp>.
#pragma once

#include <tempa/optim/lr_scheduler/lambda_lr.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE LambdaLR::LambdaLR(Optimizer& optimizer, const Factor& factor)
    : LambdaLR(optimizer, std::vector<Factor>(optimizer.num_groups(), factor)) {}

TEMPA_INLINE LambdaLR::LambdaLR(Optimizer& optimizer, std::vector<Factor> factors)
    : LRScheduler(optimizer), factors_(std::move(factors)) {
  if (factors_.size() != optimizer.num_groups())
    throw ConfigError(concat("[LambdaLR] expected ", optimizer.num_groups(), " functions, one for each group, but got ",
                             factors_.size()));
  for (const auto& factor : factors_)
    if (!factor) throw ConfigError("[LambdaLR] expected a function but got an empty one");
  apply();
}

TEMPA_INLINE double LambdaLR::compute(Index step, double base_lr, std::size_t group) const {
  return base_lr * factors_[group](step);
}

}  // namespace tempa::inline TEMPA_ABI
