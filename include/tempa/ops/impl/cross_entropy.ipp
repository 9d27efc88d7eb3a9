// The bodies of <tempa/ops/cross_entropy.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/cross_entropy.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE double cross_entropy_weight(const Tensor<std::int32_t>& labels, Index classes,
                                         const CrossEntropyOptions& options) {
  if (const auto count = static_cast<Index>(options.class_weights.size()); count != 0)
    check_shape("cross_entropy", "class_weights", Shape{count}, {classes});
  const Tensor<std::int32_t> on_host = labels.to(Device::cpu());
  double total = 0;
  for (Index i = 0; i < on_host.numel(); ++i) {
    const Index label = std::as_const(on_host).data()[i];
    if (label == options.ignore_index) continue;
    if (label < 0 || label >= classes)
      throw ValueError(concat("[cross_entropy] labels must be in [0,", classes, ") but row ", i, " has ", label));
    total += options.class_weights.empty() ? 1.0 : options.class_weights[static_cast<std::size_t>(label)];
  }
  return total;
}

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

template <Floating T>
Variable<Accumulator<T>> cross_entropy(const Variable<T>& logits, const Tensor<std::int32_t>& labels,
                                       const CrossEntropyOptions& options) {
  check_rank("cross_entropy", "logits", logits.shape(), 2);
  const Index rows = logits.size(0), classes = logits.size(1), ignored = options.ignore_index;
  check_shape("cross_entropy", "labels", labels.shape(), {rows});
  check_same_device("cross_entropy", logits, labels);
  const auto weight_count = static_cast<Index>(options.class_weights.size());
  if (weight_count != 0) check_shape("cross_entropy", "class_weights", Shape{weight_count}, {classes});
  if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
    throw ValueError(concat("[cross_entropy] label_smoothing must be in [0,1] but is ", options.label_smoothing));
  using A = Accumulator<T>;
  [[maybe_unused]] const auto weights =  // (K)
      weight_count == 0 ? Tensor<A>()
                        : Tensor<double>::from(options.class_weights).template cast<A>().to(logits.device());
#if defined(TEMPA_WITH_CUDA)
  if (logits.device().is_cuda()) {
    const ProfileScope scope("cross_entropy", ProfileCategory::kForward);
    return detail::cross_entropy_on_device(logits, labels, weights, options);
  }
#endif
  if constexpr (!Real<T>) {
    return cross_entropy(cast<A>(logits), labels, options);
  } else {
    const ProfileScope scope("cross_entropy", ProfileCategory::kForward);
    const double total_weight = cross_entropy_weight(labels, classes, options);
    const auto smoothing = static_cast<T>(options.label_smoothing);
    const bool reduces = options.reduction != Reduction::kNone;
    const T scale = options.reduction != Reduction::kMean ? T(1)
                    : total_weight == 0                   ? T(0)
                                                          : static_cast<T>(1 / total_weight);
    Tensor<T> log_prob(logits.shape(), logits.device());  // (B,K)
    Tensor<T> losses(Shape{rows}, logits.device());       // (B)
    Tensor<T> y = reduces ? Tensor<T>(Shape{}, logits.device()) : losses;
    on(logits.device(), [&](auto backend) {
      log_softmax_forward(backend, log_prob.data(), logits.value().data(), rows, classes, Index{1});
      cross_entropy_forward(backend, losses.data(), std::as_const(log_prob).data(), labels.data(),
                            std::as_const(weights).data(), rows, classes, ignored, smoothing);
      if (reduces) sum_forward(backend, y.data(), std::as_const(losses).data(), Index{1}, rows, Index{1}, scale);
    });
    count_bytes(logits, log_prob, log_prob, losses);
    return record("cross_entropy", std::move(y), {logits}, [=](const Tensor<T>& dy) {
      Tensor<T> dlogits(logits.shape(), logits.device());  // (B,K)
      count_bytes(dy, log_prob, dlogits);
      on(logits.device(), [&](auto backend) {
        cross_entropy_backward(backend, dlogits.data(), dy.data(), reduces, scale, log_prob.data(), labels.data(),
                               weights.data(), rows, classes, ignored, smoothing);
      });
      logits.accumulate_grad(std::move(dlogits));
    });
  }
}

namespace detail {

template <Floating T>
using CrossEntropy = Variable<Accumulator<T>>(const Variable<T>&, const Tensor<std::int32_t>&,
                                              const CrossEntropyOptions&);

}  // namespace detail

TEMPA_INSTANTIATE_OVERLOAD(cross_entropy, detail::CrossEntropy);

}  // namespace tempa::inline TEMPA_ABI
