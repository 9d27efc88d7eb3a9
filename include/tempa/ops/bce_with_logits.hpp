// Binary cross-entropy of logits: the loss where an example may have several labels.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cuda/bce_fused.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/ops/loss_reduction.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

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

namespace detail {

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
