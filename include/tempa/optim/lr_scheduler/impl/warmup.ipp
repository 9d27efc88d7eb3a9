// The bodies of <tempa/optim/lr_scheduler/warmup.hpp>.
#pragma once

#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>
#include <tempa/optim/lr_scheduler/warmup.hpp>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE double WarmupPlan::progress(Index step) const {
  return static_cast<double>(step - num_warmup_steps) /
         static_cast<double>(std::max<Index>(1, num_training_steps - num_warmup_steps));
}

}  // namespace tempa::inline TEMPA_ABI::detail
