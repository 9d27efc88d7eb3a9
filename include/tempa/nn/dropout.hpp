// Dropout as a layer.
#pragma once

#include <tempa/nn/module.hpp>
#include <tempa/ops/dropout.hpp>

namespace tempa::inline TEMPA_ABI {

/// In training, zeroes each element with probability `drop_prob` and scales the others by 1 / (1 - drop_prob); in
/// evaluation, the identity.
/// @source torch.nn.Dropout
struct Dropout {
  double drop_prob = 0.5;
  TrainingMode mode{};

  Dropout() = default;
  /// @throws ConfigError for a probability outside [0,1].
  explicit Dropout(double probability);

  /// `drop_prob` in training, 0 in evaluation: what an operation with dropout in it takes.
  double active_prob() const { return mode ? drop_prob : 0.0; }

  template <Floating T>
  Variable<T> operator()(const Variable<T>& x) const {
    return mode ? dropout(x, drop_prob) : x;
  }

  void visit(auto&& f) { f("mode", mode); }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/nn/impl/dropout.ipp>
#endif
