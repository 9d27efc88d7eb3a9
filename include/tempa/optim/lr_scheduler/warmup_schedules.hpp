// The schedules of transformers: a linear warm-up from 0, then constant, linear, cosine or polynomial decay.
#pragma once

#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>
#include <tempa/optim/lr_scheduler/warmup.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace tempa::inline TEMPA_ABI {

/// Options of `ConstantScheduleWithWarmup`. The length of the training is needed for a warmup_ratio only.
struct ConstantScheduleOptions {
  Index num_training_steps = std::numeric_limits<std::int32_t>::max();
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
};

/// lr = base step / num_warmup_steps during the warm-up, then base.
/// @source transformers.get_constant_schedule_with_warmup
class ConstantScheduleWithWarmup final : public LRScheduler {
 public:
  /// @throws ConfigError for a warm-up that is negative or beyond the training, or one given twice.
  explicit ConstantScheduleWithWarmup(Optimizer& optimizer, ConstantScheduleOptions options = {});

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  detail::WarmupPlan plan_;
};

/// Options of `LinearScheduleWithWarmup`.
struct LinearScheduleOptions {
  Index num_training_steps = 0;  ///< required: calls of `step` in the whole training
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
};

/// lr = base step / num_warmup_steps during the warm-up, then base (1 - progress), progress the share done of the steps
/// after the warm-up; 0 beyond the training.
/// @source transformers.get_linear_schedule_with_warmup
class LinearScheduleWithWarmup final : public LRScheduler {
 public:
  /// @throws ConfigError without num_training_steps, for a warm-up that is negative or beyond it, or one given twice.
  LinearScheduleWithWarmup(Optimizer& optimizer, LinearScheduleOptions options);

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  detail::WarmupPlan plan_;
};

/// Options of `CosineScheduleWithWarmup`.
struct CosineScheduleOptions {
  Index num_training_steps = 0;  ///< required: calls of `step` in the whole training
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
  double num_cycles = 0.5;  ///< waves of the cosine; a half falls from base to 0
};

/// lr = base step / num_warmup_steps during the warm-up, then base (1 + cos(2 pi num_cycles progress)) / 2.
/// @source transformers.get_cosine_schedule_with_warmup
class CosineScheduleWithWarmup final : public LRScheduler {
 public:
  /// @throws ConfigError as `LinearScheduleWithWarmup`, or for negative num_cycles.
  CosineScheduleWithWarmup(Optimizer& optimizer, CosineScheduleOptions options);

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  detail::WarmupPlan plan_;
  double num_cycles_;
};

/// Options of `CosineWithHardRestartsScheduleWithWarmup`.
struct CosineWithHardRestartsScheduleOptions {
  Index num_training_steps = 0;  ///< required: calls of `step` in the whole training
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
  Index num_cycles = 1;     ///< falls from base to 0
};

/// lr = base step / num_warmup_steps during the warm-up, then base (1 + cos(pi (num_cycles progress mod 1))) / 2; 0
/// beyond the training.
/// @source transformers.get_cosine_with_hard_restarts_schedule_with_warmup
class CosineWithHardRestartsScheduleWithWarmup final : public LRScheduler {
 public:
  /// @throws ConfigError as `LinearScheduleWithWarmup`, or for num_cycles below 1.
  CosineWithHardRestartsScheduleWithWarmup(Optimizer& optimizer, CosineWithHardRestartsScheduleOptions options);

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  detail::WarmupPlan plan_;
  double num_cycles_;
};

/// Options of `PolynomialDecayScheduleWithWarmup`.
struct PolynomialDecayScheduleOptions {
  Index num_training_steps = 0;  ///< required: calls of `step` in the whole training
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
  double lr_end = 1e-7;     ///< where every group's rate ends
  double power = 1;
};

/// lr = base step / num_warmup_steps during the warm-up, then (base - lr_end) (1 - progress)^power + lr_end; lr_end
/// beyond the training.
/// @source transformers.get_polynomial_decay_schedule_with_warmup
class PolynomialDecayScheduleWithWarmup final : public LRScheduler {
 public:
  /// @throws ConfigError as `LinearScheduleWithWarmup`, for a power that is not positive, or an lr_end that is not
  /// below every rate.
  PolynomialDecayScheduleWithWarmup(Optimizer& optimizer, PolynomialDecayScheduleOptions options);

 private:
  double compute(Index step, double base_lr, std::size_t) const override;
  detail::WarmupPlan plan_;
  PolynomialDecayScheduleOptions options_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/warmup_schedules.ipp>
#endif
