// Cross-entropy of log-probabilities, and its gradient with respect to the logits. A warp owns a row of up to 256
// classes, a block a longer one. Bytes moved: forward the labels' elements, with smoothing all log-probabilities;
// backward log-probabilities and gradient.
#include <tempa/cuda/cross_entropy.hpp>
#include <tempa/math/exp.hpp>

#include "kernels/device/rows.cuh"
#include "kernels/runtime/fault.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

/// The arguments of all rows.
template <typename T>
struct Target {
  const std::int32_t* labels;
  const T* weights;
  Index classes, ignored;
  T smoothing;
  FaultSite site;

  __device__ T weight(Index k) const { return weights != nullptr ? weights[k] : T(1); }
};

/// sum over k of f(k), by the group that owns a row.
template <int kThreads, typename T, typename F>
__device__ inline T sum_classes(Index classes, F f) {
  T sum = 0;
  for (Index k = thread_in_block() % kThreads; k < classes; k += kThreads) sum += f(k);
  return reduce_row<kThreads>(sum, Sum{}, T(0));
}

template <int kThreads, typename T>
__global__ void __launch_bounds__(kRowBlock)
    forward_kernel(T* losses, const T* log_prob, Index rows, Target<T> target) {
  const Index row = row_of_group<kThreads>();
  const bool here = row < rows, first = thread_in_block() % kThreads == 0;
  const T* const from = log_prob + row * target.classes;
  T sum = 0;
  if (target.smoothing > T(0))
    sum = sum_classes<kThreads, T>(here ? target.classes : 0, [&](Index k) { return target.weight(k) * from[k]; });
  if (!here || !first) return;
  const Index label = target.labels[row];
  T loss = 0;
  if (label != target.ignored && check_index(target.site, label, target.classes, row) && target.weight(label) != T(0)) {
    const T share = target.smoothing / static_cast<T>(target.classes);
    loss = -(T(1) - target.smoothing) * target.weight(label) * from[label] - share * sum;
  }
  losses[row] = loss;
}

template <int kThreads, typename T>
__global__ void __launch_bounds__(kRowBlock) backward_kernel(T* dlogits, const T* dlosses, bool one_for_all, T scale,
                                                             const T* log_prob, Index rows, Target<T> target) {
  const Index row = row_of_group<kThreads>();
  const bool here = row < rows;
  T weight_sum = static_cast<T>(target.classes);
  if (target.weights != nullptr && target.smoothing > T(0))
    weight_sum = sum_classes<kThreads, T>(target.classes, [&](Index k) { return target.weights[k]; });
  if (!here) return;
  const Index label = target.labels[row];
  const bool counts = label != target.ignored && label >= 0 && label < target.classes && target.weight(label) != T(0);
  const T share = target.smoothing / static_cast<T>(target.classes);
  const T d = counts ? scale * dlosses[one_for_all ? 0 : row] : T(0);
  const T own = counts ? (T(1) - target.smoothing) * target.weight(label) : T(0),
          total = d * (own + share * weight_sum);
  for (Index k = thread_in_block() % kThreads; k < target.classes; k += kThreads) {
    const Index at = row * target.classes + k;
    T gradient = counts ? math::exp(log_prob[at]) * total - d * share * target.weight(k) : T(0);
    if (k == label) gradient -= d * own;
    dlogits[at] = gradient;
  }
}

/// Calls `f(kThreads)` with the threads of a row.
template <typename F>
void with_threads(Index classes, F&& f) {
  if (classes <= 8 * kWarpSize) {
    f(RowShape<kWarpSize, 1>{});
  } else {
    f(RowShape<kRowBlock, 1>{});
  }
}

}  // namespace

template <Real T>
void cross_entropy_forward(Backend backend, T* losses, const T* log_prob, const std::int32_t* labels, const T* weights,
                           Index rows, Index classes, Index ignored, T smoothing) {
  const Target<T> target{labels, weights, classes, ignored, smoothing, fault_site(backend, "cross_entropy_forward")};
  const LaunchSite site(backend);
  with_threads(classes, [&]<typename Shape>(Shape) {
    launch<forward_kernel<Shape::kThreads, T>, kReduceBytes<Shape, T>>(blocks_for(rows, Shape::kGroups), kRowBlock,
                                                                       site, losses, log_prob, rows, target);
  });
}

template <Real T>
void cross_entropy_backward(Backend backend, T* dlogits, const T* dlosses, bool one_for_all, T scale, const T* log_prob,
                            const std::int32_t* labels, const T* weights, Index rows, Index classes, Index ignored,
                            T smoothing) {
  const Target<T> target{labels, weights, classes, ignored, smoothing, fault_site(backend, "cross_entropy_backward")};
  const LaunchSite site(backend);
  with_threads(classes, [&]<typename Shape>(Shape) {
    launch<backward_kernel<Shape::kThreads, T>, kReduceBytes<Shape, T>>(blocks_for(rows, Shape::kGroups), kRowBlock,
                                                                        site, dlogits, dlosses, one_for_all, scale,
                                                                        log_prob, rows, target);
  });
}

#define TEMPA_CROSS_ENTROPY(T)                                                                                      \
  template void cross_entropy_forward<T>(Backend, T*, const T*, const std::int32_t*, const T*, Index, Index, Index, \
                                         T);                                                                        \
  template void cross_entropy_backward<T>(Backend, T*, const T*, bool, T, const T*, const std::int32_t*, const T*,  \
                                          Index, Index, Index, T)

TEMPA_CROSS_ENTROPY(float);
TEMPA_CROSS_ENTROPY(double);

}  // namespace tempa::inline TEMPA_ABI::cuda
