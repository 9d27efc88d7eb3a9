// A schedule by its name, for programs whose user chooses it.
#pragma once

#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>

#include <memory>
#include <string_view>

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
std::unique_ptr<LRScheduler> get_scheduler(std::string_view name, Optimizer& optimizer,
                                           const GetSchedulerOptions& options);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/optim/lr_scheduler/impl/get_scheduler.ipp>
#endif
