// Batch normalization as a layer.
#pragma once

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
  explicit BatchNorm1d(Index size, BatchNorm1dOptions chosen = {});

  Variable<T> operator()(const Variable<T>& x);

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
    f("running_mean", running_mean);
    f("running_var", running_var);
    f("num_batches_tracked", num_batches_tracked);
    f("mode", mode);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/batch_norm1d.ipp>
#endif
