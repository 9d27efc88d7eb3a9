// The bodies of <tempa/optim/lr_scheduler/warmup_schedules.hpp>.
#pragma once

#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ConstantScheduleWithWarmup::ConstantScheduleWithWarmup(Optimizer& optimizer,
                                                                    ConstantScheduleOptions options)
    : LRScheduler(optimizer), plan_(detail::warmup_plan("ConstantScheduleWithWarmup", options)) {
  if (options.warmup_ratio > 0 && options.num_training_steps == ConstantScheduleOptions{}.num_training_steps)
    throw ConfigError("[ConstantScheduleWithWarmup] warmup_ratio needs num_training_steps");
  apply();
}

TEMPA_INLINE double ConstantScheduleWithWarmup::compute(Index step, double base_lr, std::size_t) const {
  return step < plan_.num_warmup_steps ? base_lr * plan_.rising(step) : base_lr;
}

TEMPA_INLINE LinearScheduleWithWarmup::LinearScheduleWithWarmup(Optimizer& optimizer, LinearScheduleOptions options)
    : LRScheduler(optimizer), plan_(detail::warmup_plan("LinearScheduleWithWarmup", options)) {
  apply();
}

TEMPA_INLINE double LinearScheduleWithWarmup::compute(Index step, double base_lr, std::size_t) const {
  if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
  const auto left = static_cast<double>(plan_.num_training_steps - step);
  return base_lr * std::max(0.0, left / static_cast<double>(
                                            std::max<Index>(1, plan_.num_training_steps - plan_.num_warmup_steps)));
}

TEMPA_INLINE CosineScheduleWithWarmup::CosineScheduleWithWarmup(Optimizer& optimizer, CosineScheduleOptions options)
    : LRScheduler(optimizer),
      plan_(detail::warmup_plan("CosineScheduleWithWarmup", options)),
      num_cycles_(options.num_cycles) {
  detail::check_not_negative("CosineScheduleWithWarmup", "num_cycles", num_cycles_);
  apply();
}

TEMPA_INLINE double CosineScheduleWithWarmup::compute(Index step, double base_lr, std::size_t) const {
  if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
  const double angle = std::numbers::pi * num_cycles_ * 2 * plan_.progress(step);
  return base_lr * std::max(0.0, 0.5 * (1 + std::cos(angle)));
}

TEMPA_INLINE CosineWithHardRestartsScheduleWithWarmup::CosineWithHardRestartsScheduleWithWarmup(
    Optimizer& optimizer, CosineWithHardRestartsScheduleOptions options)
    : LRScheduler(optimizer),
      plan_(detail::warmup_plan("CosineWithHardRestartsScheduleWithWarmup", options)),
      num_cycles_(static_cast<double>(options.num_cycles)) {
  detail::check_option(options.num_cycles >= 1, "CosineWithHardRestartsScheduleWithWarmup", "num_cycles", "at least 1",
                       num_cycles_);
  apply();
}

TEMPA_INLINE double CosineWithHardRestartsScheduleWithWarmup::compute(Index step, double base_lr, std::size_t) const {
  if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
  const double progress = plan_.progress(step);
  if (progress >= 1) return 0;
  return base_lr * std::max(0.0, 0.5 * (1 + std::cos(std::numbers::pi * std::fmod(num_cycles_ * progress, 1.0))));
}

TEMPA_INLINE PolynomialDecayScheduleWithWarmup::PolynomialDecayScheduleWithWarmup(
    Optimizer& optimizer, PolynomialDecayScheduleOptions options)
    : LRScheduler(optimizer),
      plan_(detail::warmup_plan("PolynomialDecayScheduleWithWarmup", options)),
      options_(options) {
  detail::check_not_negative("PolynomialDecayScheduleWithWarmup", "lr_end", options.lr_end);
  detail::check_option(options.power > 0 && std::isfinite(options.power), "PolynomialDecayScheduleWithWarmup", "power",
                       "finite and positive", options.power);
  for (const double lr : base_lrs())
    if (!(options.lr_end < lr))
      throw ConfigError(concat("[PolynomialDecayScheduleWithWarmup] lr_end must be below the learning rate ", lr,
                               " but is ", options.lr_end));
  apply();
}

TEMPA_INLINE double PolynomialDecayScheduleWithWarmup::compute(Index step, double base_lr, std::size_t) const {
  if (step < plan_.num_warmup_steps) return base_lr * plan_.rising(step);
  if (step >= plan_.num_training_steps) return options_.lr_end;
  return (base_lr - options_.lr_end) * std::pow(1 - plan_.progress(step), options_.power) + options_.lr_end;
}

}  // namespace tempa::inline TEMPA_ABI
