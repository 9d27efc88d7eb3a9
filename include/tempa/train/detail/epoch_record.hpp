// What a trainer reports: after each optimizer step and after each epoch.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/metrics/metrics.hpp>

#include <optional>

namespace tempa::inline TEMPA_ABI {

/// The results of one optimizer step.
struct StepRecord {
  Index step = 0;                      ///< from 1, over all epochs
  double loss = 0;                     ///< of all the step's batches, as if they were one batch
  double lr = 0;                       ///< of the first group, in this step
  std::optional<double> grad_norm{};   ///< global L2 norm before clipping; nothing when the step was skipped
  std::optional<double> loss_scale{};  ///< by which a `GradScaler` has multiplied the loss
  bool skipped = false;                ///< by the `GradScaler`, or by `OnFault::kSkip`: nothing was updated
  Index skipped_steps = 0;             ///< so far, over all epochs
};

/// The results of one epoch.
struct EpochRecord {
  Index epoch = 0;                 ///< from 1
  Metrics train{};                 ///< on the training batches, with dropout
  std::optional<Metrics> valid{};  ///< when the epoch was evaluated
  double lr = 0;                   ///< of the first group, during the epoch's last step
  double seconds = 0;              ///< of the training part
  double tokens_per_second = 0;
  bool best = false;  ///< whether the chosen metric is the best so far
};

}  // namespace tempa::inline TEMPA_ABI
