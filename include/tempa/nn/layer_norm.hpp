// Layer normalization as a layer.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/layer_norm.hpp>

namespace tempa::inline TEMPA_ABI {

/// Normalizes the last dimension, C: weight starts at 1, bias at 0.
/// @source torch.nn.LayerNorm
template <Floating T>
struct LayerNorm : ModuleMembers<LayerNorm<T>, T> {
  Variable<T> weight;  // (C)
  Variable<T> bias;    // (C)
  double eps = 1e-5;

  LayerNorm() = default;
  explicit LayerNorm(Index size, double epsilon = 1e-5)
      : weight(constant_parameter<T>({size}, 1.0)), bias(constant_parameter<T>({size}, 0.0)), eps(epsilon) {}

  Variable<T> operator()(const Variable<T>& x) const { return layer_norm(x, weight, bias, eps); }

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

TEMPA_COMPILED_MODULE(LayerNorm);

}  // namespace tempa::inline TEMPA_ABI
