// Binary cross-entropy with its gradient from the logits. A thread takes 16 bytes of targets and the logits that belong
// to them, writes the gradient, and the losses or, in a register, their sum; a block sums its threads'. One block is
// enough for a few thousand losses and completes the sum itself; otherwise at most kSumBlocks blocks take several
// pieces each, and a second kernel adds their sums, so that the order depends on the number of losses only. Bytes moved
// for each loss: logit, target and gradient once, where separate operations also move losses and their gradients, with
// weights several times, and 16-bit logits as float32.
#include <tempa/cuda/bce_fused.hpp>
#include <tempa/cuda/reduce.hpp>
#include <tempa/device/cuda/memory.hpp>
#include <tempa/math/loss.hpp>

#include "kernels/elementwise.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr Index kOneBlock = 4;         // pieces of a thread, up to which one block is enough
constexpr Index kSumBlocks = 5 * 132;  // as many as an H200 runs at a time

template <typename T>
struct Bce {
  using A = Accumulator<T>;
  static constexpr int kVector = kVectorSize<A>;
  A* losses;
  A* gradient;
  const T* logits;
  const A* targets;
  const A* pos_weight;
  const A* weight;
  Nest<2> nest;
  A scale;

  bool aligned() const {
    const auto fits = [&](const A* factor, int operand) {
      return factor == nullptr || nest.inner_strides[operand] == 0 || are_aligned<kVector>(factor);
    };
    return are_aligned<kVector>(losses, gradient, targets) && are_aligned<kVector>(logits) &&
           nest.keeps_together(kVector) && fits(pos_weight, 0) && fits(weight, 1);
  }

  /// The losses and gradients of k neighbors. @return the sum of the losses
  template <int k>
  __device__ A run(Index i) const {
    Vector<A, k> positive, own, loss, slope;
#pragma unroll
    for (int j = 0; j < k; ++j) positive[j] = own[j] = A(1);
    if (pos_weight != nullptr || weight != nullptr) {
      Index offsets[2];
      nest.offsets_of(i, offsets);
      if (pos_weight != nullptr) positive = detail::load_operand<k>(pos_weight + offsets[0], nest.inner_strides[0]);
      if (weight != nullptr) own = detail::load_operand<k>(weight + offsets[1], nest.inner_strides[1]);
    }
    const Vector<T, k> in = load_vector<k>(logits + i);
    const Vector<A, k> wanted = load_vector<k>(targets + i);
    A sum = 0;
#pragma unroll
    for (int j = 0; j < k; ++j) {
      const A x = to_accumulator(in[j]), t = wanted[j], factor = A(1) + (positive[j] - A(1)) * t;
      loss[j] = own[j] * math::BceWithLogits::f(x, t, factor);
      slope[j] = scale * (own[j] * math::BceWithLogits::dfa(x, t, factor));
      sum += loss[j];
    }
    if (losses != nullptr) store_vector<k>(losses + i, loss);
    if (gradient != nullptr) store_vector<k>(gradient + i, slope);
    return sum;
  }
};

/// @param sums one for each block, or nullptr. @param factor of the sums.
template <typename T>
__global__ void __launch_bounds__(kMapBlock)
    bce_kernel(Bce<T> body, Accumulator<T>* sums, Accumulator<T> factor, Index vectors, Index n) {
  using A = Accumulator<T>;
  constexpr int kVector = Bce<T>::kVector;
  const Index rest = vectors * kVector, pieces = vectors + n - rest;
  A sum = 0;
  for (Index piece = thread_number_in_grid(); piece < pieces; piece += threads_in_grid())
    sum += piece < vectors ? body.template run<kVector>(piece * kVector) : body.template run<1>(rest + piece - vectors);
  if (sums == nullptr) return;
  sum = block_sum(sum, shared_array<A>(0, kWarpSize));
  if (thread_in_block() == 0) sums[blockIdx.x] = factor * sum;
}

}  // namespace

template <Floating T>
void bce_with_gradient(Backend backend, Accumulator<T>* y, Accumulator<T>* gradient, const T* logits,
                       const Accumulator<T>* targets, const Accumulator<T>* pos_weight, const Accumulator<T>* weight,
                       const LoopNest<2>& nest, Index n, bool reduces, Accumulator<T> scale) {
  using A = Accumulator<T>;
  const Bce<T> body{reduces ? nullptr : y, gradient, logits, targets, pos_weight, weight, Nest<2>(nest), scale};
  const Index vectors = body.aligned() ? n / body.kVector : 0, pieces = vectors + n - vectors * body.kVector;
  const LaunchSite site(backend, "bce_with_gradient");
  const auto start = [&](unsigned blocks, A* sums, A factor) {
    launch<bce_kernel<T>, sizeof(A) * kWarpSize>(blocks, kMapBlock, site, body, sums, factor, vectors, n);
  };
  if (!reduces) return start(blocks_for(pieces, kMapBlock), nullptr, A(1));
  if (pieces <= kOneBlock * kMapBlock) return start(1, y, scale);
  const unsigned blocks = blocks_for(pieces, kMapBlock, kSumBlocks);
  const auto memory = allocate(backend.device, sizeof(A) * blocks);
  auto* const sums = static_cast<A*>(memory.get());
  start(blocks, sums, A(1));
  sum_forward<A>(backend, y, sums, 1, Index{blocks}, 1, scale);
}

#define TEMPA_BCE_FUSED(T)                                                                                          \
  template void bce_with_gradient<T>(Backend, Accumulator<T>*, Accumulator<T>*, const T*, const Accumulator<T>*,    \
                                     const Accumulator<T>*, const Accumulator<T>*, const LoopNest<2>&, Index, bool, \
                                     Accumulator<T>)

TEMPA_BCE_FUSED(float);
TEMPA_BCE_FUSED(double);
TEMPA_BCE_FUSED(float16);
TEMPA_BCE_FUSED(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
