// y = x W^T + b as a layer.
#pragma once

#include <tempa/nn/module.hpp>

#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Options of `Linear`.
struct LinearOptions {
  bool bias = true;
  /// Standard deviation of normally distributed initial weights, with zero biases, as for BERT;
  /// without it weights and biases are uniform in ±1/sqrt(in), as for torch.nn.Linear.
  std::optional<double> initializer_range = std::nullopt;
};

/// Affine map of rows: x (…,in) to (…,out).
/// @source torch.nn.Linear
template <Floating T>
struct Linear : ModuleMembers<Linear<T>, T> {
  Variable<T> weight;  // (out,in)
  Variable<T> bias;    // (out), or undefined

  Linear() = default;
  /// @throws ConfigError for a size that is not positive.
  Linear(Index in, Index out, LinearOptions options = {});

  Variable<T> operator()(const Variable<T>& x) const;

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/linear.ipp>
#endif
