// The bodies of <tempa/train/training_length.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/train/training_length.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Index epochs_for(Index steps_per_epoch, const TrainingLength& length) {
  if (steps_per_epoch < 1)
    throw ValueError(concat("[epochs_for] steps_per_epoch must be at least 1 but is ", steps_per_epoch));
  if (length.min_epochs > length.max_epochs)
    throw ValueError(concat("[epochs_for] min_epochs must be at most max_epochs, ", length.max_epochs, ", but is ",
                            length.min_epochs));
  return std::clamp((length.steps + steps_per_epoch - 1) / steps_per_epoch, length.min_epochs, length.max_epochs);
}

}  // namespace tempa::inline TEMPA_ABI
