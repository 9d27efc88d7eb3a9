// Cross-entropy of logits together with its gradient. A warp owns a row of up to 256 classes, a block a longer one (a
// vocabulary): one pass for the maximum and the sum of exponentials, a second one, from the cache, for the
// loss and the gradient. The gradient stays in float32 until it has been multiplied by that of the loss, which may be
// a loss scale. Bytes moved for each logit of 16 bits: 6, and 6 for the product; a cast of the logits, float32
// log-probabilities and their passes make 28.
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/math/log.hpp>

#include "kernels/device/map.cuh"
#include "kernels/device/normalizer.cuh"
#include "kernels/runtime/fault.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename A>
struct Target {
  const std::int32_t* labels;
  const A* weights;
  Index classes, ignored;
  A smoothing, scale;
  FaultSite site;

  __device__ A weight(Index k) const { return weights != nullptr ? weights[k] : A(1); }
};

/// Calls `f(k, x)` for the classes and logits of a thread; kVector neighbors are loaded at once.
template <int kThreads, int kVector, typename T, typename F>
__device__ inline void for_each_vector(const T* row, Index classes, F f) {
  for (Index k = thread_in_block() % kThreads * kVector; k < classes; k += kThreads * kVector)
    f(k, load_vector<kVector>(row + k));
}

/// Blocks of a multiprocessor. Left to itself, the compiler fits more of them by spilling doubles.
template <typename T>
[[maybe_unused]] constexpr int kFewestBlocks = sizeof(T) == 8 ? 2 : 5;

template <int kThreads, int kVector, typename T>
__global__ void __launch_bounds__(kRowBlock, kFewestBlocks<T>)
    fused_kernel(Accumulator<T>* losses, Accumulator<T>* dlogits, const T* logits, Index rows,
                 Target<Accumulator<T>> target) {
  using A = Accumulator<T>;
  const Index row = row_of_group<kThreads>(), classes = target.classes;
  const bool here = row < rows, first = thread_in_block() % kThreads == 0;
  const Index label = here ? Index{target.labels[row]} : target.ignored;
  const bool valid = label >= 0 && label < classes;
  const bool counts = label != target.ignored && valid && target.weight(label) != A(0);
  if (first && label != target.ignored) check_index(target.site, label, classes, row);
  const T* const from = logits + row * classes;
  const Index mine = here && counts ? classes : 0;  // the same for all threads of a row
  Normalizer<A> normalizer;
  A weight_sum = 0;
  for_each_vector<kThreads, kVector>(from, mine, [&](Index k, const Vector<T, kVector>& x) {
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      normalizer.add(to_accumulator(x[j]));
      weight_sum += target.weight(k + j);
    }
  });
  normalizer = combine_row<kThreads>(normalizer);
  weight_sum = reduce_row<kThreads>(weight_sum, Sum{}, A(0));
  const A shift = normalizer.max + math::log(normalizer.sum), share = target.smoothing / static_cast<A>(classes);
  const A own = counts ? (A(1) - target.smoothing) * target.weight(label) : A(0), total = own + share * weight_sum;
  const A label_logit = here && counts ? to_accumulator(from[label]) : A(0);
  A smooth_sum = 0;
  __syncthreads();  // all threads have read the label's logit, which `dlogits` may overwrite
  for_each_vector<kThreads, kVector>(from, mine, [&](Index k, const Vector<T, kVector>& x) {
    Vector<A, kVector> out;
#pragma unroll
    for (int j = 0; j < kVector; ++j) {
      const A log_prob = to_accumulator(x[j]) - shift, weight = target.weight(k + j);
      smooth_sum += weight * log_prob;
      A gradient = math::exp(log_prob) * total - share * weight;
      if (k + j == label) gradient -= own;
      out[j] = target.scale * gradient;
    }
    if (dlogits != nullptr) store_vector<kVector>(dlogits + row * classes + k, out);
  });
  if (here && !counts && dlogits != nullptr)
    for (Index k = thread_in_block() % kThreads; k < classes; k += kThreads) dlogits[row * classes + k] = A(0);
  smooth_sum = reduce_row<kThreads>(smooth_sum, Sum{}, A(0));
  if (here && first) losses[row] = counts ? -own * (label_logit - shift) - share * smooth_sum : A(0);
}

constexpr int kSumBlock = 1024;

/// One block: the sums, in an order that the number of rows decides.
template <typename T>
__global__ void __launch_bounds__(kSumBlock)
    reduce_kernel(T* y, T* inverse, const T* losses, const std::int32_t* labels, const T* weights, Index rows,
                  Index classes, Index ignored, bool mean) {
  const auto scratch = shared_array<double>(0, kWarpSize);
  double loss = 0, weight = 0;
  for (Index i = thread_in_block(); i < rows; i += kSumBlock) {
    const Index label = labels[i];
    loss += static_cast<double>(losses[i]);
    if (label != ignored && label >= 0 && label < classes)
      weight += weights != nullptr ? static_cast<double>(weights[label]) : 1.0;
  }
  loss = block_sum(loss, scratch);
  weight = block_sum(weight, scratch);
  if (thread_in_block() != 0) return;
  const double factor = !mean ? 1.0 : weight != 0 ? 1 / weight : 0.0;
  *inverse = static_cast<T>(factor);
  *y = static_cast<T>(loss * factor);
}

/// That of an ignored row stays 0, whatever the factors are.
template <typename T>
struct ScaleGradient {
  using A = Accumulator<T>;
  static constexpr int kVector = kVectorSize<A>;
  T* dlogits;
  const A* gradient;
  const A* dlosses;
  const A* inverse;
  const std::int32_t* labels;
  Index classes, ignored;
  bool one_for_all;

  bool aligned() const { return are_aligned<kVector>(dlogits) && are_aligned<kVector>(gradient); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<A, k> in = load_vector<k>(gradient + i);
    const A common = inverse != nullptr ? *inverse : A(1);
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) {
      A product = in[j] * (dlosses[one_for_all ? 0 : (i + j) / classes] * common);
      if (product != product && labels != nullptr && labels[(i + j) / classes] == ignored) product = A(0);
      out[j] = from_accumulator<T>(product);
    }
    store_vector<k>(dlogits + i, out);
  }
};

}  // namespace

template <Real T>
void reduce_losses(Backend backend, T* y, T* inverse, const T* losses, const std::int32_t* labels, const T* weights,
                   Index rows, Index classes, Index ignored, bool mean) {
  launch<reduce_kernel<T>, sizeof(double) * kWarpSize>(1, kSumBlock, backend, y, inverse, losses, labels, weights, rows,
                                                       classes, ignored, mean);
}

template <Floating T>
void scale_loss_gradient(Backend backend, T* dlogits, const Accumulator<T>* gradient, const Accumulator<T>* dlosses,
                         bool one_for_all, const Accumulator<T>* inverse, const std::int32_t* labels, Index rows,
                         Index classes, Index ignored) {
  map(backend, ScaleGradient<T>{dlogits, gradient, dlosses, inverse, labels, classes, ignored, one_for_all},
      rows * classes);
}

template <Floating T>
void cross_entropy_with_gradient(Backend backend, Accumulator<T>* losses, Accumulator<T>* dlogits, const T* logits,
                                 const std::int32_t* labels, const Accumulator<T>* weights, Index rows, Index classes,
                                 Index ignored, Accumulator<T> smoothing, Accumulator<T> scale) {
  using A = Accumulator<T>;
  constexpr int kWide = kVectorSize<T>;
  const Target<A> target{
      labels, weights, classes, ignored, smoothing, scale, fault_site(backend, "cross_entropy_with_gradient")};
  const LaunchSite site(backend, "cross_entropy_with_gradient");
  const auto start = [&]<int kThreads, int kVector>() {
    launch<fused_kernel<kThreads, kVector, T>, sizeof(A) * kWarpSize>(blocks_for(rows, kRowBlock / kThreads), kRowBlock,
                                                                      site, losses, dlogits, logits, rows, target);
  };
  if (classes <= 8 * kWarpSize) {
    start.template operator()<kWarpSize, 1>();
  } else if (is_vector_aligned<kWide>(logits, classes) && is_vector_aligned<kWide>(dlogits)) {
    start.template operator()<kRowBlock, kWide>();
  } else {
    start.template operator()<kRowBlock, 1>();
  }
}

#define TEMPA_CROSS_ENTROPY_FUSED(T)                                                                            \
  template void cross_entropy_with_gradient<T>(Backend, Accumulator<T>*, Accumulator<T>*, const T*,             \
                                               const std::int32_t*, const Accumulator<T>*, Index, Index, Index, \
                                               Accumulator<T>, Accumulator<T>)

#define TEMPA_LOSSES(T) \
  template void reduce_losses<T>(Backend, T*, T*, const T*, const std::int32_t*, const T*, Index, Index, Index, bool)

#define TEMPA_SCALE_LOSS_GRADIENT(T)                                                                    \
  template void scale_loss_gradient<T>(Backend, T*, const Accumulator<T>*, const Accumulator<T>*, bool, \
                                       const Accumulator<T>*, const std::int32_t*, Index, Index, Index)

TEMPA_LOSSES(float);
TEMPA_LOSSES(double);
TEMPA_SCALE_LOSS_GRADIENT(float);
TEMPA_SCALE_LOSS_GRADIENT(double);
TEMPA_SCALE_LOSS_GRADIENT(float16);
TEMPA_SCALE_LOSS_GRADIENT(bfloat16);
TEMPA_CROSS_ENTROPY_FUSED(float);
TEMPA_CROSS_ENTROPY_FUSED(double);
TEMPA_CROSS_ENTROPY_FUSED(float16);
TEMPA_CROSS_ENTROPY_FUSED(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
