// y = x W^T + b as a layer.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/linear.hpp>

#include <cmath>
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
  Linear(Index in, Index out, LinearOptions options = {}) {
    if (in < 1 || out < 1) throw ConfigError(concat("[Linear] sizes must be positive but are in=", in, " out=", out));
    const double bound = 1.0 / std::sqrt(static_cast<double>(in));
    weight = options.initializer_range ? normal_parameter<T>({out, in}, *options.initializer_range)
                                       : uniform_parameter<T>({out, in}, bound);
    if (options.bias)
      bias = options.initializer_range ? constant_parameter<T>({out}, 0.0) : uniform_parameter<T>({out}, bound);
  }

  Variable<T> operator()(const Variable<T>& x) const { return linear(x, weight, bias); }

  void visit(auto&& f) {
    f("weight", weight);
    f("bias", bias);
  }
};

TEMPA_COMPILED_MODULE(Linear);

}  // namespace tempa::inline TEMPA_ABI
