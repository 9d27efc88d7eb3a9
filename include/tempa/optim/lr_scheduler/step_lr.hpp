// Rates that fall by a factor: every so many steps, at given steps, or at every step.
#pragma once

#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <cstddef>
#include <vector>

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
  explicit StepLR(Optimizer& optimizer, StepLROptions options = {});

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
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
  explicit MultiStepLR(Optimizer& optimizer, MultiStepLROptions options);

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
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
  explicit ExponentialLR(Optimizer& optimizer, ExponentialLROptions options = {});

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  ExponentialLROptions options_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/step_lr.ipp>
#endif
