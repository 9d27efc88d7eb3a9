// Layer normalization as a layer.
#pragma once

#include <tempa/nn/module.hpp>

namespace tempa::inline TEMPA_ABI {

/// Normalizes the last dimension, C: weight starts at 1, bias at 0.
/// @source torch.nn.LayerNorm
template <Floating T>
struct LayerNorm : ModuleMembers<LayerNorm<T>, T> {
  Variable<T> weight;  // (C)
  Variable<T> bias;    // (C)
  double eps = 1e-5;

  LayerNorm() = default;
  explicit LayerNorm(Index size, double epsilon = 1e-5);

  Variable<T> operator()(const Variable<T>& x) const;

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/layer_norm.ipp>
#endif
