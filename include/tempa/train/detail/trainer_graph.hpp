// The adapter by which a trainer runs its steps as CUDA graphs.
#pragma once

#include <tempa/nn/module.hpp>
#include <tempa/train/trainer_options.hpp>
#include <tempa/train/training_graph.hpp>

#include <cmath>
#include <concepts>
#include <memory>
#include <ostream>
#include <string>

namespace tempa::inline TEMPA_ABI::detail {

/// What a `Trainer` calls for its passes: the model itself, or with `TrainerOptions::graph` a `TrainingGraph` of it,
/// which makes the whole step.
/// @tparam Data the loader's batches. Graphs are for `Batch` only.
template <Module Model, typename Data>
class TrainerGraph {
 public:
  /// @param graph keeps the graphs from epoch to epoch. @param max_norm to clip to.
  /// @throws ConfigError for graphs of something else than `Batch`.
  TrainerGraph(Model& model, Optimizer& optimizer, const TrainerOptions& options, std::shared_ptr<void>& graph,
               double max_norm)
      : model_(model), log_(options.log), scaler_(options.scaler), on_(options.graph) {
    if (!on_) return;
    if constexpr (std::same_as<Data, Batch>) {
      if (graph == nullptr) {
        TrainingGraphOptions graph_options{.max_norm = max_norm, .skip_nonfinite = true, .scaler = options.scaler};
        if constexpr (requires { model.config().max_position_embeddings; })
          graph_options.max_length = model.config().max_position_embeddings;
        graph = std::make_shared<TrainingGraph<Forward>>(optimizer, Forward{&model}, graph_options);
      }
      graph_ = graph;
    } else {
      throw ConfigError("[Trainer] graph must be off unless the loader gives Batch");
    }
  }

  /// Whether `pass` makes the whole step.
  bool makes_steps() const { return on_; }

  /// The batch as `pass` will see it.
  Data prepared(const Data& batch) const {
    if constexpr (std::same_as<Data, Batch>)
      if (on_ && tempa::device_of(model_).is_cuda()) return padded_to_bucket(batch, graph().options());
    return batch;
  }

  /// Forward, or the whole step, which changes nothing where its gradients are not finite.
  auto pass(const Data& batch) {
    if constexpr (std::same_as<Data, Batch>) {
      if (on_) {
        const std::string known = graph().why_not();
        const LossScale before = scaler_ != nullptr ? scaler_->state() : LossScale{};
        auto output = graph()(batch);
        norm_ = graph().grad_norm();
        if (scaler_ != nullptr) {
          loss_scale_ = before.scale;
          skipped_by_scaler_ = scaler_->state().skipped_steps > before.skipped_steps;
        } else if (!std::isfinite(norm_)) {
          graph().take_back_count();
        }
        if (log_ != nullptr && graph().why_not() != known) *log_ << graph().why_not() << std::endl;
        return output;
      }
    }
    return model_(input_for(model_, batch));
  }

  /// The norm of the gradients of the step that `pass` made. @throws NumericalError when it is NaN or infinite.
  double finite_norm() const {
    if (!std::isfinite(norm_)) throw NumericalError(concat("expected finite gradients but their norm is ", norm_));
    return norm_;
  }
  /// Of that step, with a `GradScaler`: the scale of its loss, and whether the scaler has skipped it.
  double loss_scale() const { return loss_scale_; }
  bool skipped_by_scaler() const { return skipped_by_scaler_; }

 private:
  struct Forward {
    Model* model;
    auto operator()(const Batch& batch) const { return (*model)(batch); }
  };

  auto& graph() const { return *static_cast<TrainingGraph<Forward>*>(graph_.get()); }

  Model& model_;
  std::ostream* log_;
  GradScaler* scaler_;
  bool on_;
  std::shared_ptr<void> graph_;
  double norm_ = 0, loss_scale_ = 1;
  bool skipped_by_scaler_ = false;
};

}  // namespace tempa::inline TEMPA_ABI::detail
