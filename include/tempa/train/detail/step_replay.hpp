// Repeats a training step whose loss or gradients are not finite, to find where that began.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/core/random.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/optim/optimizer.hpp>

#include <string>
#include <type_traits>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// What a trainer does when a loss or a gradient is NaN or infinite.
enum class OnFault {
  kStop,  ///< throw a NumericalError; the weights, and the checkpoints, are those before the step
  kSkip   ///< report it, discard the gradients of the step, and continue with the next one
};

/// Remembers the batches of one optimizer step and what its forward passes change, so that a fault in the step can be
/// explained and undone. It costs handles to the batches, and a copy of the buffers where a model has some.
template <Module Model, typename Batch>
class StepReplay {
 public:
  StepReplay(Model& model, Optimizer& optimizer) : model_(model), optimizer_(optimizer) {}

  /// Forgets the last step.
  void clear() { passes_.clear(); }
  /// Call before the forward pass of `batch`.
  void add(const Batch& batch) { passes_.push_back({batch, default_generator(), buffers()}); }

  /// Repeats the step with the same random numbers and finds where NaN or infinity begins. Afterwards there are no
  /// gradients, and the buffers are as before the step.
  /// @param pass called with a batch: runs forward and backward as the step did.
  /// @return ", rows 3 7: [detect_anomaly] expected finite values but the result of linear, (2,8), has NaN; its input 1
  /// has NaN already: classifier.weight".
  template <typename Pass>
  std::string explain(const Pass& pass) {
    const Generator after = default_generator();
    undo();
    std::string text;
    for (const Remembered& one : passes_) {
      default_generator() = one.generator;
      try {
        const DetectAnomaly guard;
        pass(one.batch);
      } catch (const AnomalyError& error) {
        text = concat(rows_of(one.batch), ": ", error.what());
        const std::string name = name_of(error.leaf());
        if (!name.empty()) text += concat(", parameter ", name);
        break;
      }
    }
    if (text.empty())
      for (const Remembered& one : passes_) text += rows_of(one.batch);
    default_generator() = after;
    undo();
    return text;
  }

 private:
  struct Remembered {
    Batch batch;
    Generator generator;             // before the forward pass
    std::vector<AnyTensor> buffers;  // before the forward pass, in the order of `leaves`
  };

  // Copies of the tensors that are no parameters: running means and the like.
  std::vector<AnyTensor> buffers() {
    std::vector<AnyTensor> copies;
    detail::for_each_buffer(leaves(model_),
                            [&](const std::string&, const auto& buffer) { copies.push_back(buffer.clone()); });
    return copies;
  }

  // Gradients and buffers as they were before the step.
  void undo() {
    optimizer_.zero_grad();
    std::size_t i = 0;
    detail::for_each_buffer(leaves(model_), [&](const std::string&, auto& buffer) {
      using Buffer = std::remove_cvref_t<decltype(buffer)>;
      if (!passes_.empty()) buffer.copy_from(std::get<Buffer>(passes_.front().buffers.at(i++)));
    });
  }

  // Name of the parameter with this node; empty where there is none.
  std::string name_of(const void* node) {
    std::string found;
    detail::for_each_parameter(leaves(model_), [&](const std::string& name, const auto& variable) {
      if (node != nullptr && static_cast<const detail::Node*>(variable.node().get()) == node) found = name;
    });
    return found;
  }

  static std::string rows_of(const Batch& batch) {
    std::string text;
    if constexpr (requires { batch.rows.size(); }) {
      text = ", rows";
      for (const auto row : batch.rows) text += concat(' ', row);
    }
    return text;
  }

  Model& model_;
  Optimizer& optimizer_;
  std::vector<Remembered> passes_;
};

}  // namespace tempa::inline TEMPA_ABI
