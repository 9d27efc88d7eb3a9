// Binary cross-entropy of logits: the loss where an example may have several labels.
#pragma once

#include <tempa/ops/loss_reduction.hpp>
#include <tempa/tensor/tensor.hpp>

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
/// w_i ((1 - t_i) x_i + (1 + (p_i - 1) t_i) log(1 + e^-x_i)), which neither overflows nor cancels for any x.
/// @param logits any shape. @param targets the shape of logits, in [0,1] (not checked, as in PyTorch).
/// @return a scalar (), or the shape of logits without reduction; in float for 16-bit logits
/// @saves nothing of its own; with a pos_weight the logits' softplus and factors, a few times their size; on a GPU the
/// gradient, numel sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.binary_cross_entropy_with_logits
template <Floating T>
Variable<Accumulator<T>> bce_with_logits(const Variable<T>& logits, const Tensor<Accumulator<T>>& targets,
                                         const BceWithLogitsOptions<Accumulator<T>>& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/bce_with_logits.ipp>
#endif
