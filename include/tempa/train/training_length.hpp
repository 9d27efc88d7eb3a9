// A default for the number of epochs.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/shape.hpp>

namespace tempa::inline TEMPA_ABI {

/// The fewest optimizer steps that a training needs, however few rows there are, and the limits of its epochs.
struct TrainingLength {
  Index steps = 2000;
  Index min_epochs = 10;
  Index max_epochs = 100;

  /// For random weights. Chosen on 810 rows with six label columns (26 steps an epoch), where the model predicted only
  /// the most frequent class for the first 260 steps, and had learned the task within 1560.
  static TrainingLength from_scratch() { return {}; }
  /// For pretrained weights, which need less, and get worse with more.
  /// @source Mosbach et al. 2021, "On the Stability of Fine-tuning BERT": up to 20 epochs for small data
  static TrainingLength fine_tuning() { return {.steps = 500, .min_epochs = 3, .max_epochs = 20}; }
};

/// The epochs that make at least `length.steps` optimizer steps, but never fewer than `min_epochs` nor more than
/// `max_epochs`. @param steps_per_epoch optimizer steps, at least 1. @throws ValueError for fewer, or when `min_epochs`
/// are more than `max_epochs`.
Index epochs_for(Index steps_per_epoch, const TrainingLength& length);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/training_length.ipp>
#endif
