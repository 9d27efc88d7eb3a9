// The bodies of <tempa/optim/lr_scheduler/get_scheduler.hpp>.
#pragma once

#include <tempa/optim/lr_scheduler/get_scheduler.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::unique_ptr<LRScheduler> get_scheduler(std::string_view name, Optimizer& optimizer,
                                                        const GetSchedulerOptions& options) {
  const Index total = options.num_training_steps, warmup = options.num_warmup_steps;
  const double ratio = options.warmup_ratio;
  if (name == "linear")
    return std::make_unique<LinearScheduleWithWarmup>(optimizer, LinearScheduleOptions{total, warmup, ratio});
  if (name == "cosine")
    return std::make_unique<CosineScheduleWithWarmup>(optimizer, CosineScheduleOptions{total, warmup, ratio});
  if (name == "cosine_with_restarts")
    return std::make_unique<CosineWithHardRestartsScheduleWithWarmup>(
        optimizer, CosineWithHardRestartsScheduleOptions{total, warmup, ratio});
  if (name == "polynomial")
    return std::make_unique<PolynomialDecayScheduleWithWarmup>(optimizer,
                                                               PolynomialDecayScheduleOptions{total, warmup, ratio});
  if (name == "constant")
    return std::make_unique<ConstantScheduleWithWarmup>(optimizer, ConstantScheduleOptions{total, warmup, ratio});
  if (name != "step") throw ConfigError(concat("[get_scheduler] expected ", kSchedulerNames, " but got '", name, "'"));
  if (warmup != 0 || ratio != 0) throw ConfigError("[get_scheduler] step has no warm-up but one was asked for");
  return std::make_unique<StepLR>(optimizer, StepLROptions{options.step_size, options.gamma});
}

}  // namespace tempa::inline TEMPA_ABI
