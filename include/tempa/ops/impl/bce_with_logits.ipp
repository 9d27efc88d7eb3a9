// The bodies of <tempa/ops/bce_with_logits.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/cuda/bce_fused.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <string_view>
#include <utility>

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

#if defined(TEMPA_WITH_CUDA)
/// `bce_with_logits` on a CUDA device, which computes the gradient together with the loss; the host reads nothing.
template <Floating T>
Variable<Accumulator<T>> bce_on_device(const Variable<T>& logits, const Tensor<Accumulator<T>>& targets,
                                       const BceWithLogitsOptions<Accumulator<T>>& options) {
  using A = Accumulator<T>;
  const ProfileScope scope("bce_with_logits", ProfileCategory::kForward);
  const Index n = targets.numel();
  const Device device = logits.device();
  const bool reduces = options.reduction != Reduction::kNone;
  const A scale = options.reduction == Reduction::kMean ? A(1) / static_cast<A>(n) : A(1);
  const auto shape_of = [](const Tensor<A>& factor) { return factor.empty() ? Shape{} : factor.shape(); };
  const auto data_of = [](const Tensor<A>& factor) { return factor.empty() ? nullptr : factor.data(); };
  const auto nest = broadcast_nest(logits.shape(), shape_of(options.pos_weight), shape_of(options.weight));
  Tensor<A> y(reduces ? Shape{} : logits.shape(), device);
  Tensor<A> gradient;  // of scale sum l_i with respect to the logits; their shape
  if (records({logits})) gradient = Tensor<A>(logits.shape(), device);
  cuda::bce_with_gradient<T>(cuda::current_backend(device.index()), y.data(), gradient.data(), logits.value().data(),
                             targets.data(), data_of(options.pos_weight), data_of(options.weight), nest, n, reduces,
                             scale);
  count_bytes(logits, targets, options.pos_weight, options.weight, gradient, y);
  return record("bce_with_logits", std::move(y), {logits}, [=](const Tensor<A>& dy) {
    Tensor<T> dlogits(logits.shape(), device);  // the logits' shape
    count_bytes(gradient, dy, dlogits);
    cuda::scale_loss_gradient<T>(cuda::current_backend(device.index()), dlogits.data(), gradient.data(), dy.data(),
                                 reduces, nullptr, nullptr, n, Index{1}, Index{0});
    logits.accumulate_grad(std::move(dlogits));
  });
}
#endif

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
