// Cross-entropy of logits and class labels.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/ops/loss_reduction.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `cross_entropy`.
struct CrossEntropyOptions {
  /// (K) weight of each class, or empty for 1. The mean divides by the weights of the labels.
  std::vector<double> class_weights{};
  /// Rows with this label have no loss and do not count in the mean.
  Index ignore_index = -100;
  /// s in [0,1]: the part of the target that is spread over all classes.
  double label_smoothing = 0;
  Reduction reduction = Reduction::kMean;
};

/// What the mean of `cross_entropy` divides by: the sum of the weights of all labels that count, sum_i w_y.
/// @param labels (B) classes in [0,K), or `ignore_index`. @param classes K.
/// @throws ValueError naming the row of a label outside of its range.
double cross_entropy_weight(const Tensor<std::int32_t>& labels, Index classes, const CrossEntropyOptions& options = {});

#if defined(TEMPA_WITH_CUDA)
namespace detail {
/// `cross_entropy` on a CUDA device, which computes the gradient together with the loss. The host reads nothing: the
/// kernels check the labels and sum their weights.
/// @param weights (K), or empty for 1.
template <Floating T>
Variable<Accumulator<T>> cross_entropy_on_device(const Variable<T>& logits, const Tensor<std::int32_t>& labels,
                                                 const Tensor<Accumulator<T>>& weights,
                                                 const CrossEntropyOptions& options) {
  using A = Accumulator<T>;
  const Index rows = logits.size(0), classes = logits.size(1);
  const Device device = logits.device();
  const bool reduces = options.reduction != Reduction::kNone, trains = records({logits});
  Tensor<A> losses(Shape{rows}, device);                                          // (B)
  Tensor<A> gradient = trains ? Tensor<A>(logits.shape(), device) : Tensor<A>();  // (B,K) by logits, of sum l_i
  Tensor<A> inverse = reduces ? Tensor<A>(Shape{}, device) : Tensor<A>();         // 1 / sum of the weights
  Tensor<A> y = reduces ? Tensor<A>(Shape{}, device) : losses;
  const cuda::Backend backend = cuda::current_backend(device.index());
  cuda::cross_entropy_with_gradient<T>(backend, losses.data(), gradient.data(), logits.value().data(), labels.data(),
                                       weights.data(), rows, classes, options.ignore_index,
                                       static_cast<A>(options.label_smoothing), A(1));
  if (reduces)
    cuda::reduce_losses<A>(backend, y.data(), inverse.data(), losses.data(), labels.data(), weights.data(), rows,
                           classes, options.ignore_index, options.reduction == Reduction::kMean);
  count_bytes(logits, gradient, losses);
  return record("cross_entropy", std::move(y), {logits}, [=](const Tensor<A>& dy) {
    Tensor<T> dlogits(logits.shape(), device);  // (B,K)
    count_bytes(gradient, dlogits);
    cuda::scale_loss_gradient<T>(cuda::current_backend(device.index()), dlogits.data(), gradient.data(), dy.data(),
                                 reduces, inverse.data(), labels.data(), rows, classes, options.ignore_index);
    logits.accumulate_grad(std::move(dlogits));
  });
}
}  // namespace detail
#endif

/// l_i = -(1 - s) w_y log p_iy - s/K sum_k w_k log p_ik, with p_i = softmax(logits_i), y = labels_i, s the smoothing.
/// The mean is sum_i l_i / sum_i w_y. Where no row counts it is 0 without a gradient, so that a batch of ignored rows
/// adds nothing to a step (PyTorch: NaN); and l_i = 0 where w_y = 0, so that this holds for each row (PyTorch: the
/// smoothed part of such a row stays).
/// @param logits (B,K). @param labels (B) classes in [0,K), or `ignore_index`.
/// @return a scalar (), or (B) without reduction; in float for 16-bit logits, which the CPU casts first
/// @saves log p, or on a GPU the gradient, B K sizeof(Accumulator<T>) bytes.
/// @throws ShapeError, DeviceError; ValueError for a smoothing outside of its range, or a label (found on a CUDA
/// device, it is thrown by the next call that waits for the device).
/// @source torch.nn.functional.cross_entropy
template <Floating T>
Variable<Accumulator<T>> cross_entropy(const Variable<T>& logits, const Tensor<std::int32_t>& labels,
                                       const CrossEntropyOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/cross_entropy.ipp>
#endif
