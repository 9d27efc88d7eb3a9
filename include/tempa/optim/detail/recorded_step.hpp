// An optimizer's step as graphs and loss scales see it.
#pragma once

#include <tempa/math/loss_scale.hpp>

namespace tempa::inline TEMPA_ABI::detail {

/// What a step knows of a `GradScaler`, in device memory; empty without one.
struct LossScaleOfStep {
  LossScale* state = nullptr;
  double* is_skipped = nullptr;  ///< (1) where to write whether the step is skipped; nullptr for nowhere
};

/// An optimizer's step in a graph that is launched again and again.
class RecordedStep {
 public:
  RecordedStep() = default;
  RecordedStep(const RecordedStep&) = delete;
  RecordedStep& operator=(const RecordedStep&) = delete;
  virtual ~RecordedStep() = default;

  /// After the capture: copies to the device what the launches read.
  virtual void finish() = 0;
  /// Whether parameters and moments are where they were, and all of one age.
  virtual bool is_valid() const = 0;
  /// Before a launch of the graph: the learning rates and the number of the step.
  virtual void before_launch() = 0;
  /// After it: the step counts.
  virtual void after_launch() = 0;
  /// The launch has skipped its step: that is not counted. Does nothing with a loss scale, which counts by itself.
  virtual void take_back_count() = 0;
  /// Of the gradients of the latest launch, before clipping. Waits for the device.
  virtual double norm() = 0;
};

}  // namespace tempa::inline TEMPA_ABI::detail
