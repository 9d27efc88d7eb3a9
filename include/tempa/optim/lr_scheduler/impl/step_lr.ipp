// The bodies of <tempa/optim/lr_scheduler/step_lr.hpp>.
#pragma once

#include <tempa/optim/detail/host_step.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE StepLR::StepLR(Optimizer& optimizer, StepLROptions options) : LRScheduler(optimizer), options_(options) {
  detail::check_option(options.step_size >= 1, "StepLR", "step_size", "at least 1",
                       static_cast<double>(options.step_size));
  detail::check_not_negative("StepLR", "gamma", options.gamma);
  apply();
}

TEMPA_INLINE double StepLR::compute(Index step, double base_lr, std::size_t) const {
  return base_lr * std::pow(options_.gamma, static_cast<double>(step / options_.step_size));
}

TEMPA_INLINE MultiStepLR::MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
    : LRScheduler(optimizer), options_(std::move(options)) {
  detail::check_not_negative("MultiStepLR", "gamma", options_.gamma);
  std::sort(options_.milestones.begin(), options_.milestones.end());
  for (const Index milestone : options_.milestones)
    detail::check_not_negative("MultiStepLR", "milestones", static_cast<double>(milestone));
  apply();
}

TEMPA_INLINE double MultiStepLR::compute(Index step, double base_lr, std::size_t) const {
  const auto& milestones = options_.milestones;
  const auto reached = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
  return base_lr * std::pow(options_.gamma, static_cast<double>(reached));
}

TEMPA_INLINE ExponentialLR::ExponentialLR(Optimizer& optimizer, ExponentialLROptions options)
    : LRScheduler(optimizer), options_(options) {
  detail::check_not_negative("ExponentialLR", "gamma", options.gamma);
  apply();
}

TEMPA_INLINE double ExponentialLR::compute(Index step, double base_lr, std::size_t) const {
  return base_lr * std::pow(options_.gamma, static_cast<double>(step));
}

}  // namespace tempa::inline TEMPA_ABI
