// The mean squared error, the loss of a regression.
#pragma once

#include <tempa/ops/loss_reduction.hpp>

namespace tempa::inline TEMPA_ABI {

/// Options of `mse_loss`.
struct MseLossOptions {
  Reduction reduction = Reduction::kMean;
};

/// l_i = (x_i - t_i)^2: their mean, their sum, or all of them.
/// @param x any shape. @param target the shape of x; takes part in backward when it is a variable that requires it.
/// @return a scalar (), or the shape of x without reduction; in float for a 16-bit x, which is cast first
/// @saves x - target.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.mse_loss
template <Floating T>
Variable<Accumulator<T>> mse_loss(const Variable<T>& x, const Variable<T>& target, const MseLossOptions& options = {});
/// The same for a constant target.
template <Floating T>
Variable<Accumulator<T>> mse_loss(const Variable<T>& x, const Tensor<Accumulator<T>>& target,
                                  const MseLossOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/mse_loss.ipp>
#endif
