// Pictures of a training: learning curves and the schedule of the learning rate.
#pragma once

#include <tempa/plot/picture.hpp>
#include <tempa/train/detail/epoch_record.hpp>

#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `plot_learning_curves`.
struct LearningCurvesOptions {
  std::string title{};
  /// What is shown besides the loss, each in its own panel; empty: accuracy and F1 of a classifier, or the mean
  /// squared error of a regression.
  std::vector<std::string> metrics{};
  double panel_width = 380, panel_height = 290;
};

/// Loss and scores of training and validation over the epochs, in panels side by side.
/// @param history of `Trainer::fit`, which may be empty.
/// @throws ConfigError for a metric that no epoch has.
Picture plot_learning_curves(std::span<const EpochRecord> history, const LearningCurvesOptions& options = {});

/// The learning rate over the steps or epochs. @param rates (n), the first of step 1.
Picture plot_learning_rate(std::span<const double> rates, std::string x_label = "Step",
                           std::string title = "Learning rate schedule");

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/training_plots.ipp>
#endif
