// Binary cross-entropy of logits, the loss of several labels at once.
#pragma once

#include <tempa/math/loss.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/loss_reduction.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Options of `bce_with_logits`.
template <Real T>
struct BceWithLogitsOptions {
  /// (K), or what broadcasts to the logits: factor of the loss of the positive targets; empty for 1.
  Tensor<T> pos_weight{};
  /// What broadcasts to the logits: factor of each loss; empty for 1. The mean does not divide by it.
  Tensor<T> weight{};
  Reduction reduction = Reduction::kMean;
};

/// l_i = -w_i (p_i t_i log s(x_i) + (1 - t_i) log(1 - s(x_i))), s the sigmoid, p the positive weight, computed as
/// w_i ((1 - t_i) x_i + (1 + (p_i - 1) t_i) log(1 + e^-x_i)), which no x overflows or cancels.
/// @param logits any shape. @param targets the shape of logits, in [0,1] (not checked, as in PyTorch).
/// @return a scalar (), or the shape of logits without reduction; in float for 16-bit logits, which are cast first
/// @saves nothing of its own; with a pos_weight the logits' softplus and factors, a few times their size.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.binary_cross_entropy_with_logits
template <Floating T>
Variable<Accumulator<T>> bce_with_logits(const Variable<T>& logits, const Tensor<Accumulator<T>>& targets,
                                         const BceWithLogitsOptions<Accumulator<T>>& options = {}) {
  if constexpr (!Real<T>) {
    return bce_with_logits(cast<Accumulator<T>>(logits), targets, options);
  } else {
    check_shape("bce_with_logits", "targets", targets.shape(), logits.shape());
    check_same_device("bce_with_logits", logits, targets);
    const auto check_factor = [&](std::string_view name, const Tensor<T>& factor) {
      if (!(broadcast_shape("bce_with_logits", factor.shape(), logits.shape()) == logits.shape()))
        throw ShapeError(concat("[bce_with_logits] ", name, " of shape ", factor.shape(),
                                " does not broadcast to the logits' shape ", logits.shape()));
    };
    const Variable<T> t(targets);
    Variable<T> losses;
    if (options.pos_weight.empty()) {
      losses = elementwise("bce_with_logits", logits, t, math::BceWithLogits{});
    } else {
      check_factor("pos_weight", options.pos_weight);
      const Variable<T> opposite = -logits;
      losses = ((Variable<T>(options.pos_weight) - 1.0) * t + 1.0) * softplus(opposite) - (1.0 - t) * opposite;
    }
    if (!options.weight.empty()) {
      check_factor("weight", options.weight);
      losses = Variable<T>(options.weight) * losses;
    }
    return detail::reduce_loss(losses, options.reduction);
  }
}

}  // namespace tempa::inline TEMPA_ABI
