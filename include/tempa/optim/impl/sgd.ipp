// The bodies of <tempa/optim/sgd.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/optim/lr_scheduler/warmup.hpp>
#include <tempa/optim/sgd.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE void SGDRule::check(const Options& options) {
  detail::check_not_negative(kName, "lr", options.lr);
  detail::check_not_negative(kName, "momentum", options.momentum);
  detail::check_not_negative(kName, "weight_decay", options.weight_decay);
  detail::check_option(std::isfinite(options.dampening), kName, "dampening", "finite", options.dampening);
  if (!options.nesterov) return;
  detail::check_option(options.momentum > 0, kName, "momentum", "positive for nesterov", options.momentum);
  detail::check_option(options.dampening == 0, kName, "dampening", "0 for nesterov", options.dampening);
}

TEMPA_INLINE SGDGroup SGDRule::group(const Options& options) {
  return {.lr = options.lr,
          .momentum = options.momentum,
          .dampening = options.dampening,
          .weight_decay = options.weight_decay,
          .nesterov = options.nesterov,
          .maximize = options.maximize};
}

TEMPA_INSTANTIATE_FUNCTION(cpu::optimizer_step, SGDFormula);
TEMPA_INSTANTIATE(class RuleOptimizer<SGDRule>);

}  // namespace tempa::inline TEMPA_ABI
