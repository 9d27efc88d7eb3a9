// Rates that fall by a factor: every so many steps, at given steps, or at every step.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Options of `StepLR`.
struct StepLROptions {
  Index step_size = 1;
  double gamma = 0.1;
};

/// lr = base gamma^floor(step / step_size).
/// @source torch.optim.lr_scheduler.StepLR
class StepLR final : public LRScheduler {
 public:
  /// @throws ConfigError for a step_size below 1 or a negative gamma.
  explicit StepLR(Optimizer& optimizer, StepLROptions options = {}) : LRScheduler(optimizer), options_(options) {
    detail::check_option(options.step_size >= 1, "StepLR", "step_size", "at least 1",
                         static_cast<double>(options.step_size));
    detail::check_not_negative("StepLR", "gamma", options.gamma);
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    return base_lr * std::pow(options_.gamma, static_cast<double>(step / options_.step_size));
  }
  StepLROptions options_;
};

/// Options of `MultiStepLR`.
struct MultiStepLROptions {
  /// Steps at which the rate falls, in any order; one named twice counts twice.
  std::vector<Index> milestones = {};
  double gamma = 0.1;
};

/// lr = base gamma^(number of milestones reached).
/// @source torch.optim.lr_scheduler.MultiStepLR
class MultiStepLR final : public LRScheduler {
 public:
  /// @throws ConfigError for a negative milestone or gamma.
  explicit MultiStepLR(Optimizer& optimizer, MultiStepLROptions options)
      : LRScheduler(optimizer), options_(std::move(options)) {
    detail::check_not_negative("MultiStepLR", "gamma", options_.gamma);
    std::sort(options_.milestones.begin(), options_.milestones.end());
    for (const Index milestone : options_.milestones)
      detail::check_not_negative("MultiStepLR", "milestones", static_cast<double>(milestone));
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    const auto& milestones = options_.milestones;
    const auto reached = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return base_lr * std::pow(options_.gamma, static_cast<double>(reached));
  }
  MultiStepLROptions options_;
};

/// Options of `ExponentialLR`.
struct ExponentialLROptions {
  double gamma = 0.9;
};

/// lr = base gamma^step.
/// @source torch.optim.lr_scheduler.ExponentialLR
class ExponentialLR final : public LRScheduler {
 public:
  /// @throws ConfigError for a negative gamma.
  explicit ExponentialLR(Optimizer& optimizer, ExponentialLROptions options = {})
      : LRScheduler(optimizer), options_(options) {
    detail::check_not_negative("ExponentialLR", "gamma", options.gamma);
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    return base_lr * std::pow(options_.gamma, static_cast<double>(step));
  }
  ExponentialLROptions options_;
};

}  // namespace tempa::inline TEMPA_ABI
