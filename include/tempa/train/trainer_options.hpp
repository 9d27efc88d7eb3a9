// The options of a trainer.
#pragma once

#include <tempa/metrics/problem_type.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/grad_scaler.hpp>
#include <tempa/train/detail/step_replay.hpp>
#include <tempa/train/detail/training_checkpoint.hpp>
#include <tempa/train/progress.hpp>

#include <functional>
#include <iostream>
#include <optional>
#include <ostream>
#include <string>

namespace tempa::inline TEMPA_ABI {

/// When the learning rate scheduler steps.
enum class ScheduleStep {
  kEpoch,  ///< after each epoch
  kStep    ///< after each optimizer step
};

/// Options of `Trainer`.
struct TrainerOptions {
  Index epochs = 5;
  Index evaluate_every = 1;  ///< epochs between evaluations; the last epoch is always evaluated
  /// Batches of one optimizer step. However a step's rows are divided into batches, its gradient is that of one large
  /// batch of them all: the sum of their losses over the sum of their weights, see `loss_weight_of`.
  Index gradient_accumulation_steps = 1;
  double max_grad_norm = 0.0;                 ///< global L2 norm to clip to; 0: no clipping
  std::string metric{};                       ///< the metric to watch, see `metrics_of`; empty: see `default_metric`
  std::optional<ProblemType> problem_type{};  ///< nothing: the model's, or what the batches look like
  std::optional<Index> patience{};            ///< evaluations without improvement before stopping; never when absent
  OnFault on_fault = OnFault::kStop;          ///< what to do about a loss or gradient that is NaN or infinite
  bool graph = false;  ///< on a CUDA device each step is a CUDA graph, see `TrainingGraph`; the log says where not
  bool restore_best = true;          ///< put the weights of the best evaluation back at the end
  GradScaler* scaler = nullptr;      ///< scales the loss of a float16 model, skips steps, and is saved with checkpoints
  AveragedModel* average = nullptr;  ///< updated after each step; what is evaluated, kept and left in the model
  std::ostream* log = &std::cout;    ///< epoch lines; nullptr: silent
  ProgressOptions progress{};
  CheckpointOptions checkpoint{};          ///< where to save, and whether to resume from there
  std::function<bool()> stop_requested{};  ///< called after each optimizer step: true saves and ends; see `StopSignal`
};

}  // namespace tempa::inline TEMPA_ABI
