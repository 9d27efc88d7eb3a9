// Batch normalization as a layer.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/batch_norm1d.hpp>

namespace tempa::inline TEMPA_ABI {

/// Normalizes each column of (B,C): in training by the batch's statistics, which also update the running ones; in
/// evaluation by the running ones. Starts with weight 1, bias 0, running mean 0, running variance 1.
/// @source Ioffe and Szegedy 2015; torch.nn.BatchNorm1d
template <Floating T>
struct BatchNorm1d : ModuleMembers<BatchNorm1d<T>, T> {
  Variable<T> weight;                        // (C)
  Variable<T> bias;                          // (C)
  Tensor<Accumulator<T>> running_mean;       // (C)
  Tensor<Accumulator<T>> running_var;        // (C)
  Tensor<std::int64_t> num_batches_tracked;  // ()
  BatchNorm1dOptions options;
  TrainingMode mode{};

  BatchNorm1d() = default;
  explicit BatchNorm1d(Index size, BatchNorm1dOptions chosen = {})
      : weight(constant_parameter<T>({size}, 1.0)),
        bias(constant_parameter<T>({size}, 0.0)),
        running_mean(Tensor<Accumulator<T>>::zeros({size})),
        running_var(Tensor<Accumulator<T>>::full({size}, 1)),
        num_batches_tracked(Tensor<std::int64_t>::zeros({})),
        options(chosen) {}

  Variable<T> operator()(const Variable<T>& x) {
    return batch_norm1d(x, weight, bias, running_mean, running_var, num_batches_tracked, mode.training, options);
  }

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
    f("running_mean", running_mean);
    f("running_var", running_var);
    f("num_batches_tracked", num_batches_tracked);
    f("mode", mode);
  }
};

TEMPA_COMPILED_MODULE(BatchNorm1d);

}  // namespace tempa::inline TEMPA_ABI
