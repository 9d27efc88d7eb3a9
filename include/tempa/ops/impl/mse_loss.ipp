// The bodies of <tempa/ops/mse_loss.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/mse_loss.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<Accumulator<T>> mse_loss(const Variable<T>& x, const Variable<T>& target, const MseLossOptions& options) {
  check_shape("mse_loss", "target", target.shape(), x.shape());
  check_same_device("mse_loss", x, target);
  const auto error = sub(cast<Accumulator<T>>(x), cast<Accumulator<T>>(target));
  return detail::reduce_loss(square(error), options.reduction);
}

template <Floating T>
Variable<Accumulator<T>> mse_loss(const Variable<T>& x, const Tensor<Accumulator<T>>& target,
                                  const MseLossOptions& options) {
  return mse_loss(cast<Accumulator<T>>(x), Variable<Accumulator<T>>(target), options);
}

namespace detail {

template <Floating T>
using MseLoss = Variable<Accumulator<T>>(const Variable<T>&, const Tensor<Accumulator<T>>&, const MseLossOptions&);
template <Floating T>
using MseLossOfVariables = Variable<Accumulator<T>>(const Variable<T>&, const Variable<T>&, const MseLossOptions&);

}  // namespace detail

TEMPA_INSTANTIATE_OVERLOAD(mse_loss, detail::MseLoss);
TEMPA_INSTANTIATE_OVERLOAD(mse_loss, detail::MseLossOfVariables);

}  // namespace tempa::inline TEMPA_ABI
