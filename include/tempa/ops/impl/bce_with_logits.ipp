// The bodies of <tempa/ops/bce_with_logits.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cast.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// @throws ShapeError, DeviceError unless `factor` broadcasts to the logits; an empty one means 1.
template <Floating T, Real A>
void check_bce_factor(std::string_view name, const Tensor<A>& factor, const Variable<T>& logits) {
  if (factor.empty()) return;
  check_same_device("bce_with_logits", logits, factor);
  if (!(broadcast_shape("bce_with_logits", factor.shape(), logits.shape()) == logits.shape()))
    throw ShapeError(concat("[bce_with_logits] ", name, " of shape ", factor.shape(),
                            " does not broadcast to the logits' shape ", logits.shape()));
}

}  // namespace detail

template <Floating T>
Variable<Accumulator<T>> bce_with_logits(const Variable<T>& logits, const Tensor<Accumulator<T>>& targets,
                                         const BceWithLogitsOptions<Accumulator<T>>& options) {
  check_shape("bce_with_logits", "targets", targets.shape(), logits.shape());
  check_same_device("bce_with_logits", logits, targets);
  detail::check_bce_factor("pos_weight", options.pos_weight, logits);
  detail::check_bce_factor("weight", options.weight, logits);
#if defined(TEMPA_WITH_CUDA)
  if (logits.device().is_cuda()) return detail::bce_on_device(logits, targets, options);
#endif
  if constexpr (!Real<T>) {
    return bce_with_logits(cast<Accumulator<T>>(logits), targets, options);
  } else {
    const Variable<T> t(targets);
    Variable<T> losses;
    if (options.pos_weight.empty()) {
      losses = elementwise("bce_with_logits", logits, t, math::BceWithLogits{});
    } else {
      const Variable<T> opposite = -logits;
      losses = ((Variable<T>(options.pos_weight) - 1.0) * t + 1.0) * softplus(opposite) - (1.0 - t) * opposite;
    }
    if (!options.weight.empty()) losses = Variable<T>(options.weight) * losses;
    return detail::reduce_loss(losses, options.reduction);
  }
}

TEMPA_INSTANTIATE_FUNCTION(bce_with_logits);

}  // namespace tempa::inline TEMPA_ABI
