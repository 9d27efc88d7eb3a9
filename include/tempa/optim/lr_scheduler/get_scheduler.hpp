// A schedule by its name, for programs whose user chooses it.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>

#include <memory>
#include <string_view>

TEMPA_COMPILED_FILE("optim");

namespace tempa::inline TEMPA_ABI {

/// Options of `get_scheduler`.
struct GetSchedulerOptions {
  Index num_training_steps = 0;  ///< required: calls of `step` in the whole training
  Index num_warmup_steps = 0;
  double warmup_ratio = 0;  ///< of num_training_steps, instead of num_warmup_steps
  Index step_size = 1;      ///< "step": calls of `step` from fall to fall
  double gamma = 0.9;       ///< "step": factor of each fall
};

/// The names that `get_scheduler` knows.
inline constexpr std::string_view kSchedulerNames =
    "linear, cosine, cosine_with_restarts, polynomial, constant or step";

/// @param name one of `kSchedulerNames`; all but `step` begin with the warm-up.
/// @return the scheduler, its rates set. @throws ConfigError for another name, a warm-up of `step`, and as the
///   scheduler's constructor.
/// @source transformers.get_scheduler
inline std::unique_ptr<LRScheduler> get_scheduler(std::string_view name, Optimizer& optimizer,
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
