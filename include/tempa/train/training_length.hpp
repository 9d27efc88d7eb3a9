// How long to train where nobody says.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <algorithm>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// What a training needs at least: so many optimizer steps, however few rows there are, within these epochs.
struct TrainingLength {
  Index steps = 2000;
  Index min_epochs = 10;
  Index max_epochs = 100;

  /// For weights that are drawn anew. The 810 rows of six label columns by which it was chosen (26 steps an epoch)
  /// never left the most frequent class within 260 steps, and were learned within 1560.
  static TrainingLength from_scratch() { return {}; }
  /// For weights that are trained already, which need less, and are spoilt by more.
  /// @source Mosbach et al. 2021, "On the Stability of Fine-tuning BERT": up to 20 epochs for small data
  static TrainingLength fine_tuning() { return {.steps = 500, .min_epochs = 3, .max_epochs = 20}; }
};

/// The epochs that make at least `length.steps` optimizer steps, but never fewer than `min_epochs` nor more than
/// `max_epochs`. @param steps_per_epoch optimizer steps, at least 1. @throws ValueError for fewer, or when `min_epochs`
/// are more than `max_epochs`.
inline Index epochs_for(Index steps_per_epoch, const TrainingLength& length) {
  if (steps_per_epoch < 1)
    throw ValueError(concat("[epochs_for] steps_per_epoch must be at least 1 but is ", steps_per_epoch));
  if (length.min_epochs > length.max_epochs)
    throw ValueError(concat("[epochs_for] min_epochs must be at most max_epochs, ", length.max_epochs, ", but is ",
                            length.min_epochs));
  return std::clamp((length.steps + steps_per_epoch - 1) / steps_per_epoch, length.min_epochs, length.max_epochs);
}

}  // namespace tempa::inline TEMPA_ABI
