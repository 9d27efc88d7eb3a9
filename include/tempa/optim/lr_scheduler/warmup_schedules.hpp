// The schedules of transformers: a linear warm-up from 0, then constant, linear, cosine or polynomial decay.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/lr_scheduler/warmup.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

TEMPA_COMPILED_FILE("optim");

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
  explicit ConstantScheduleWithWarmup(Optimizer& optimizer, ConstantScheduleOptions options = {})
      : LRScheduler(optimizer), plan_(detail::warmup_plan("ConstantScheduleWithWarmup", options)) {
    if (options.warmup_ratio > 0 && options.num_training_steps == ConstantScheduleOptions{}.num_training_steps)
      throw ConfigError("[ConstantScheduleWithWarmup] warmup_ratio needs num_training_steps");
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    return step < plan_.num_warmup_steps ? base_lr * plan_.rising(step) : base_lr;
  }
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
  LinearScheduleWithWarmup(Optimizer& optimizer, LinearScheduleOptions options)
      : LRScheduler(optimizer), plan_(detail::warmup_plan("LinearScheduleWithWarmup", options)) {
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
    const auto left = static_cast<double>(plan_.num_training_steps - step);
    return base_lr * std::max(0.0, left / static_cast<double>(
                                              std::max<Index>(1, plan_.num_training_steps - plan_.num_warmup_steps)));
  }
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
  CosineScheduleWithWarmup(Optimizer& optimizer, CosineScheduleOptions options)
      : LRScheduler(optimizer),
        plan_(detail::warmup_plan("CosineScheduleWithWarmup", options)),
        num_cycles_(options.num_cycles) {
    detail::check_not_negative("CosineScheduleWithWarmup", "num_cycles", num_cycles_);
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
    const double angle = std::numbers::pi * num_cycles_ * 2 * plan_.progress(step);
    return base_lr * std::max(0.0, 0.5 * (1 + std::cos(angle)));
  }
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
  CosineWithHardRestartsScheduleWithWarmup(Optimizer& optimizer, CosineWithHardRestartsScheduleOptions options)
      : LRScheduler(optimizer),
        plan_(detail::warmup_plan("CosineWithHardRestartsScheduleWithWarmup", options)),
        num_cycles_(static_cast<double>(options.num_cycles)) {
    detail::check_option(options.num_cycles >= 1, "CosineWithHardRestartsScheduleWithWarmup", "num_cycles",
                         "at least 1", num_cycles_);
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
    const double progress = plan_.progress(step);
    if (progress >= 1) return 0;
    return base_lr * std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * std::fmod(num_cycles_ * progress, 1.0))));
  }
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
  PolynomialDecayScheduleWithWarmup(Optimizer& optimizer, PolynomialDecayScheduleOptions options)
      : LRScheduler(optimizer),
        plan_(detail::warmup_plan("PolynomialDecayScheduleWithWarmup", options)),
        options_(options) {
    detail::check_not_negative("PolynomialDecayScheduleWithWarmup", "lr_end", options.lr_end);
    detail::check_option(options.power > 0 && std::isfinite(options.power), "PolynomialDecayScheduleWithWarmup",
                         "power", "finite and positive", options.power);
    for (const double lr : base_lrs())
      if (!(options.lr_end < lr))
        throw ConfigError(concat("[PolynomialDecayScheduleWithWarmup] lr_end must be below the learning rate ", lr,
                                 " but is ", options.lr_end));
    apply();
  }

 private:
  double compute(Index step, double base_lr, std::size_t) const override {
    if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
    if (step >= plan_.num_training_steps) return options_.lr_end;
    return (base_lr - options_.lr_end) * std::pow(1 - plan_.progress(step), options_.power) + options_.lr_end;
  }
  detail::WarmupPlan plan_;
  PolynomialDecayScheduleOptions options_;
};

}  // namespace tempa::inline TEMPA_ABI
