// How a loss scale follows the gradients, for the CPU and the GPU.
#pragma once

#include <tempa/core/dtype.hpp>

#include <limits>

namespace tempa::inline TEMPA_ABI {

/// The state of a `GradScaler`, on the host or in device memory. The counts are whole numbers.
struct LossScale {
  double scale;            ///< on the loss; a value of float
  double growth_tracker;   ///< steps since the last infinite gradient or growth
  double skipped_steps;    ///< since the start
  double found_nonfinite;  ///< whether there was an infinite or NaN gradient since the last update: 1, else 0
  double growth_factor;
  double backoff_factor;
  double growth_interval;
};

/// Sets the scale of the next step: times `backoff_factor` after an infinite gradient, times `growth_factor` after
/// `growth_interval` steps without, as long as it stays a float.
/// @source torch._amp_update_scale_
TEMPA_HOST_DEVICE inline void update_loss_scale(LossScale& state) {
  if (state.found_nonfinite != 0) {
    state.scale = static_cast<double>(static_cast<float>(state.scale * state.backoff_factor));
    state.growth_tracker = 0;
  } else if (++state.growth_tracker == state.growth_interval) {
    const double grown = state.scale * state.growth_factor;
    if (grown <= static_cast<double>(std::numeric_limits<float>::max()))
      state.scale = static_cast<double>(static_cast<float>(grown));
    state.growth_tracker = 0;
  }
  state.found_nonfinite = 0;
}

}  // namespace tempa::inline TEMPA_ABI
