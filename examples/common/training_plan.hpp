// Defaults for the number of epochs and the learning rate.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/train/training_length.hpp>

#include <string>

/// The length and the learning rate of a training.
struct TrainingPlan {
  tempa::Index epochs, steps_per_epoch;
  double lr;
  bool asked_for;  ///< whether the number of epochs was given

  tempa::Index steps() const { return epochs * steps_per_epoch; }
  /// "epochs: 77 of 26 steps (by the number of steps; --epochs says otherwise), learning rate: 0.0005"
  std::string line() const {
    return tempa::concat("epochs: ", epochs, " of ", steps_per_epoch, steps_per_epoch == 1 ? " step (" : " steps (",
                         asked_for ? "--epochs" : "by the number of steps; --epochs says otherwise",
                         "), learning rate: ", lr);
  }
};

/// @param options `epochs`, `lr` and `model`. @param steps_per_epoch optimizer steps.
template <typename Options>
TrainingPlan training_plan(const Options& options, tempa::Index steps_per_epoch) {
  const bool scratch = options.model.empty();
  const auto length = scratch ? tempa::TrainingLength::from_scratch() : tempa::TrainingLength::fine_tuning();
  return {.epochs = options.epochs ? *options.epochs : tempa::epochs_for(steps_per_epoch, length),
          .steps_per_epoch = steps_per_epoch,
          .lr = options.lr.value_or(scratch ? 5e-4 : 2e-5),
          .asked_for = options.epochs.has_value()};
}
