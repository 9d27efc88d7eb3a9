// Layer normalization of rows, for any source of the rows (a tensor; a sum with a residual; a sum of embeddings) and
// any destination of their gradient. Forward: a warp owns a row (up to 8 vectors of 16 bytes a lane: 2048 numbers of 16
// bits), or a block one of up to 8192; the row is read once into registers, the statistics are two-pass in float32, the
// result is written once. Bytes moved: x and y. Backward: warps or blocks take rows in turn and keep their sums for
// dgamma and dbeta in registers; the warps of a block combine them in shared memory in order, and a second kernel adds
// up those of the blocks (at most 264). Bytes moved: dy, x, dx. Longer rows, and rows of more than 1024 numbers that do
// not fit vector loads, are read again for each pass by a block for each row.
#pragma once

#include <tempa/device/cuda/memory.hpp>

#include "kernels/device/columns.cuh"
#include "kernels/device/rows.cuh"

#include <cmath>
#include <memory>
#include <type_traits>

namespace tempa::inline TEMPA_ABI::cuda::layer_norm {

/// Rows of a tensor. A source has `load<k>(at)` for elements [at, at + k) of all rows, and may write what it loads.
template <typename T>
struct Plain {
  const T* x;

  template <int k>
  bool aligned() const {
    return is_vector_aligned<k>(x);
  }
  template <int k>
  __device__ Vector<T, k> load(Index at, Index /*row*/, int /*column*/) const {
    return load_vector<k>(x + at);
  }
};

/// A gradient of a tensor, or none.
template <typename T>
struct PlainGradient {
  T* dx;

  template <int k>
  bool aligned() const {
    return is_vector_aligned<k>(dx);
  }
  __device__ bool wanted() const { return dx != nullptr; }
  template <int k>
  __device__ void store(Index at, const Vector<T, k>& gradient) const {
    store_vector<k>(dx + at, gradient);
  }
};

template <typename Shape, int kVector, typename T, typename Source>
__global__ void __launch_bounds__(kRowBlock)
    forward_kernel(T* y, Accumulator<T>* mean, Accumulator<T>* rstd, Source source, const T* gamma, const T* beta,
                   Index rows, int n, Accumulator<T> eps) {
  using A = Accumulator<T>;
  constexpr int kThreads = Shape::kThreads, kChunks = Shape::kChunks;
  const Index row = row_of_group<kThreads>();
  const bool here = row < rows;  // threads beyond the last row take part in the sums
  const int first = thread_in_block() % kThreads * kVector;
  Vector<T, kVector> values[kChunks];
  A sum = 0;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    values[c] = {};
    if (here && at < n) values[c] = source.template load<kVector>(row * n + at, row, at);
#pragma unroll
    for (int i = 0; i < kVector; ++i) sum += to_accumulator(values[c][i]);
  }
  const A m = reduce_row<kThreads>(sum, Sum{}, A(0)) / static_cast<A>(n);
  A squares = 0;
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const bool inside = first + c * kThreads * kVector < n;
#pragma unroll
    for (int i = 0; i < kVector; ++i) {
      const A d = to_accumulator(values[c][i]) - m;
      squares += inside ? d * d : A(0);
    }
  }
  const A r = A(1) / std::sqrt(reduce_row<kThreads>(squares, Sum{}, A(0)) / static_cast<A>(n) + eps);
#pragma unroll
  for (int c = 0; c < kChunks; ++c) {
    const int at = first + c * kThreads * kVector;
    if (!here || at >= n) continue;
    const Vector<T, kVector> scale = load_vector<kVector>(gamma + at), shift = load_vector<kVector>(beta + at);
    Vector<T, kVector> out;
#pragma unroll
    for (int i = 0; i < kVector; ++i)
      out[i] = from_accumulator<T>((to_accumulator(values[c][i]) - m) * r * to_accumulator(scale[i]) +
                                   to_accumulator(shift[i]));
    store_vector<kVector>(y + row * n + at, out);
  }
  if (here && first == 0) {
    mean[row] = m;
    rstd[row] = r;
  }
}

template <typename T>
__global__ void __launch_bounds__(kRowBlock)
    long_forward_kernel(T* y, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x, const T* gamma, const T* beta,
                        Index n, Accumulator<T> eps) {
  using A = Accumulator<T>;
  const auto scratch = shared_array<A>(0, kWarpSize);
  const Index row = blockIdx.x;
  const T* const from = x + row * n;
  A sum = 0, squares = 0;
  for (Index j = thread_in_block(); j < n; j += kRowBlock) sum += to_accumulator(from[j]);
  const A m = block_sum(sum, scratch) / static_cast<A>(n);
  for (Index j = thread_in_block(); j < n; j += kRowBlock) {
    const A d = to_accumulator(from[j]) - m;
    squares += d * d;
  }
  const A r = A(1) / std::sqrt(block_sum(squares, scratch) / static_cast<A>(n) + eps);
  for (Index j = thread_in_block(); j < n; j += kRowBlock)
    y[row * n + j] =
        from_accumulator<T>((to_accumulator(from[j]) - m) * r * to_accumulator(gamma[j]) + to_accumulator(beta[j]));
  if (thread_in_block() == 0) {
    mean[row] = m;
    rstd[row] = r;
  }
}

/// The position in a row of sum s of a thread's registers: the partial sums are stored as the threads have them, thread
/// by thread, so that both kernels access whole memory lines.
struct SumLayout {
  int threads, vector;

  __device__ Index column(Index s) const {
    return ((s / (threads * vector)) * threads + s % threads) * vector + s / threads % vector;
  }
};

/// @param partial (gridDim,2,sums), or nullptr without gradients of gamma and beta. @param sums slots in use, see
/// SumLayout.
template <typename Shape, int kVector, typename T, typename Gradient>
__global__ void __launch_bounds__(kRowBlock, Shape::kChunks* kVector <= 24 ? 2 : 1)
    backward_kernel(Gradient gradient, Accumulator<T>* partial, const T* dy, const T* x, const T* gamma,
                    const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, int n, int sums) {
  using A = Accumulator<T>;
  constexpr int kThreads = Shape::kThreads, kChunks = Shape::kChunks, kGroups = Shape::kGroups;
  const int thread = thread_in_block() % kThreads, group = thread_in_block() / kThreads, first = thread * kVector;
  A gamma_sums[kChunks][kVector] = {}, beta_sums[kChunks][kVector] = {};
  for (Index first_row = static_cast<Index>(blockIdx.x) * kGroups; first_row < rows;
       first_row += static_cast<Index>(gridDim.x) * kGroups) {
    const Index row = first_row + group;
    const bool here = row < rows;
    const A m = here ? mean[row] : A(0), r = here ? rstd[row] : A(0);
    Vector<T, kVector> grads[kChunks], values[kChunks];
    A sum = 0, dot = 0;
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const int at = first + c * kThreads * kVector;
      grads[c] = values[c] = {};
      if (!here || at >= n) continue;
      grads[c] = load_vector<kVector>(dy + row * n + at);
      values[c] = load_vector<kVector>(x + row * n + at);
    }
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const int at = first + c * kThreads * kVector;
      if (!here || at >= n) continue;
      const Vector<T, kVector> scale = load_vector<kVector>(gamma + at);
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        const A d = to_accumulator(grads[c][i]), xhat = (to_accumulator(values[c][i]) - m) * r;
        const A g = d * to_accumulator(scale[i]);
        sum += g;
        dot += g * xhat;
        gamma_sums[c][i] += d * xhat;
        beta_sums[c][i] += d;
      }
    }
    if (!gradient.wanted()) continue;
    sum = reduce_row<kThreads>(sum, Sum{}, A(0)) / static_cast<A>(n);
    dot = reduce_row<kThreads>(dot, Sum{}, A(0)) / static_cast<A>(n);
#pragma unroll
    for (int c = 0; c < kChunks; ++c) {
      const int at = first + c * kThreads * kVector;
      if (!here || at >= n) continue;
      const Vector<T, kVector> scale = load_vector<kVector>(gamma + at);
      Vector<T, kVector> out;
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
        const A g = to_accumulator(grads[c][i]) * to_accumulator(scale[i]);
        out[i] = from_accumulator<T>(r * (g - sum - (to_accumulator(values[c][i]) - m) * r * dot));
      }
      gradient.template store<kVector>(row * n + at, out);
    }
  }
  if (partial == nullptr) return;
  A* const to = partial + static_cast<Index>(blockIdx.x) * 2 * sums;
  if constexpr (kGroups == 1) {
#pragma unroll
    for (int s = 0; s < kChunks * kVector; ++s) {
      const int slot = s * kThreads + thread;
      if (slot >= sums) continue;
      to[slot] = gamma_sums[s / kVector][s % kVector];
      to[sums + slot] = beta_sums[s / kVector][s % kVector];
    }
  } else {
    const auto joined = shared_array<A>(0, static_cast<std::size_t>(2 * sums));
    for (int g = 0; g < kGroups; ++g) {
      if (g == group) {
#pragma unroll
        for (int s = 0; s < kChunks * kVector; ++s) {
          const int slot = s * kThreads + thread;
          if (slot >= sums) continue;
          A gamma_sum = gamma_sums[s / kVector][s % kVector], beta_sum = beta_sums[s / kVector][s % kVector];
          if (g > 0) {
            gamma_sum += joined[slot];
            beta_sum += joined[sums + slot];
          }
          joined[slot] = gamma_sum;
          joined[sums + slot] = beta_sum;
        }
      }
      __syncthreads();
    }
    for (int s = thread_in_block(); s < 2 * sums; s += kRowBlock) to[s] = joined[s];
  }
}

/// dgamma and dbeta += the partial sums of all blocks. @param partial (blocks,2,sums). A block owns 32 sums.
template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    join_kernel(T* dgamma, T* dbeta, const Accumulator<T>* partial, Index blocks, int sums, int n, SumLayout layout) {
  using A = Accumulator<T>;
  const Index s = static_cast<Index>(blockIdx.x) * kWarpSize + lane_in_warp();
  const A sum = sum_down(partial, blocks, 2 * sums, s, s < 2 * sums, shared_array<A>(0, kColumnBlock));
  if (warp_in_block() != 0 || s >= 2 * sums) return;
  T* const y = s < sums ? dgamma : dbeta;
  const Index column = layout.column(s < sums ? s : s - sums);
  if (y != nullptr && column < n) y[column] = from_accumulator<T>(to_accumulator(y[column]) + sum);
}

template <typename T>
void join_blocks(LaunchSite site, T* dgamma, T* dbeta, const Accumulator<T>* partial, Index blocks, int sums, int n,
                 SumLayout layout) {
  launch<join_kernel<T>, sizeof(Accumulator<T>) * kColumnBlock>(blocks_for(2 * sums, kWarpSize), kColumnBlock, site,
                                                                dgamma, dbeta, partial, blocks, sums, n, layout);
}

/// dx of one row of any length. A block owns a row.
template <typename T>
__global__ void __launch_bounds__(kRowBlock)
    long_backward_kernel(T* dx, const T* dy, const T* x, const T* gamma, const Accumulator<T>* mean,
                         const Accumulator<T>* rstd, Index n) {
  using A = Accumulator<T>;
  const auto scratch = shared_array<A>(0, kWarpSize);
  const Index row = blockIdx.x;
  const A m = mean[row], r = rstd[row];
  A sum = 0, dot = 0;
  for (Index j = thread_in_block(); j < n; j += kRowBlock) {
    const A g = to_accumulator(dy[row * n + j]) * to_accumulator(gamma[j]);
    sum += g;
    dot += g * (to_accumulator(x[row * n + j]) - m) * r;
  }
  sum = block_sum(sum, scratch) / static_cast<A>(n);
  dot = block_sum(dot, scratch) / static_cast<A>(n);
  for (Index j = thread_in_block(); j < n; j += kRowBlock) {
    const A g = to_accumulator(dy[row * n + j]) * to_accumulator(gamma[j]);
    dx[row * n + j] = from_accumulator<T>(r * (g - sum - (to_accumulator(x[row * n + j]) - m) * r * dot));
  }
}

/// dgamma and dbeta for rows of any length: a block owns 32 columns, its warps share the rows.
template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    long_parameters_kernel(T* dgamma, T* dbeta, const T* dy, const T* x, const Accumulator<T>* mean,
                           const Accumulator<T>* rstd, Index rows, Index n) {
  using A = Accumulator<T>;
  const auto scratch = shared_array<A>(0, 2 * kColumnBlock);
  const Index j = static_cast<Index>(blockIdx.x) * kWarpSize + lane_in_warp();
  A gamma_sum = 0, beta_sum = 0;
  for (Index i = warp_in_block(); j < n && i < rows; i += kColumnWarps) {
    const A d = to_accumulator(dy[i * n + j]);
    gamma_sum += d * (to_accumulator(x[i * n + j]) - mean[i]) * rstd[i];
    beta_sum += d;
  }
  scratch[thread_in_block()] = gamma_sum;
  scratch[kColumnBlock + thread_in_block()] = beta_sum;
  __syncthreads();
  if (warp_in_block() != 0 || j >= n) return;
  A gamma_total = 0, beta_total = 0;
  for (int w = 0; w < kColumnWarps; ++w) {
    gamma_total += scratch[w * kWarpSize + lane_in_warp()];
    beta_total += scratch[kColumnBlock + w * kWarpSize + lane_in_warp()];
  }
  if (dgamma != nullptr) dgamma[j] = from_accumulator<T>(to_accumulator(dgamma[j]) + gamma_total);
  if (dbeta != nullptr) dbeta[j] = from_accumulator<T>(to_accumulator(dbeta[j]) + beta_total);
}

/// Calls `f(Shape{}, integral_constant<int, kVector>{})` for rows of n elements. @return false when no shape fits.
/// @tparam kChunks, kMoreChunks vectors of a lane, for rows of a warp.
template <typename T, int kChunks, int kMoreChunks, typename F>
bool with_shape(bool vectors, Index n, F&& f) {
  constexpr int kVector = sizeof(T) == 8 ? 1 : kVectorSize<T>;  // doubles are for checks
  if (vectors && kVector > 1)
    return with_row_shape<RowShape<32, kChunks>, RowShape<32, kMoreChunks>, RowShape<kRowBlock, 4>>(
        n / kVector, [&](auto shape) { f(shape, std::integral_constant<int, kVector>{}); });
  return with_row_shape<RowShape<32, 4>, RowShape<kRowBlock, 4>>(
      n, [&](auto shape) { f(shape, std::integral_constant<int, 1>{}); });
}

/// @return false, with nothing done, for rows that only the long kernel takes.
template <typename T, typename Source>
bool forward(LaunchSite site, T* y, Accumulator<T>* mean, Accumulator<T>* rstd, const Source& source, const T* gamma,
             const T* beta, Index rows, Index n, Accumulator<T> eps) {
  constexpr int kWide = kVectorSize<T>;
  const bool vectors = source.template aligned<kWide>() && is_vector_aligned<kWide>(y, n) &&
                       is_vector_aligned<kWide>(gamma) && is_vector_aligned<kWide>(beta);
  return with_shape<T, 4, 8>(vectors, n, [&]<typename Shape, int kVector>(Shape, std::integral_constant<int, kVector>) {
    launch<forward_kernel<Shape, kVector, T, Source>, kReduceBytes<Shape, Accumulator<T>>>(
        blocks_for(rows, Shape::kGroups), kRowBlock, site, y, mean, rstd, source, gamma, beta, rows,
        static_cast<int>(n), eps);
  });
}

/// @return false, with nothing done, for rows that only the long kernels take.
template <typename T, typename Gradient>
bool backward(LaunchSite site, const Gradient& gradient, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma,
              const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, Index n) {
  using A = Accumulator<T>;
  constexpr int kWide = kVectorSize<T>;
  const bool vectors = gradient.template aligned<kWide>() && is_vector_aligned<kWide>(dy, n) &&
                       is_vector_aligned<kWide>(x) && is_vector_aligned<kWide>(gamma);
  constexpr int kChunks = sizeof(T) == 2 ? 3 : 4,
                kMoreChunks = sizeof(T) == 2 ? 4 : 8;  // two sums a number fit registers
  return with_shape<T, kChunks, kMoreChunks>(
      vectors, n, [&]<typename Shape, int kVector>(Shape, std::integral_constant<int, kVector>) {
        const bool parameters = dgamma != nullptr || dbeta != nullptr;
        const unsigned blocks = blocks_for(rows, Shape::kGroups, kBusyBlocks);
        const int sums = static_cast<int>(round_up<Index>(n, Shape::kThreads * kVector));
        const auto partial_bytes = parameters ? sizeof(A) * 2 * blocks * static_cast<std::size_t>(sums) : 0;
        const std::shared_ptr<void> partial =
            parameters && blocks > 0 ? allocate(site.backend.device, partial_bytes) : nullptr;
        const std::size_t joined_bytes =
            parameters && Shape::kGroups > 1 ? sizeof(A) * 2 * static_cast<std::size_t>(sums) : 0;
        launch(backward_kernel<Shape, kVector, T, Gradient>, blocks, kRowBlock,
               std::max(joined_bytes, kReduceBytes<Shape, A>), site, gradient, static_cast<A*>(partial.get()), dy, x,
               gamma, mean, rstd, rows, static_cast<int>(n), sums);
        if (partial != nullptr)
          join_blocks<T>(site, dgamma, dbeta, static_cast<const A*>(partial.get()), Index{blocks}, sums,
                         static_cast<int>(n), SumLayout{Shape::kThreads, kVector});
      });
}

}  // namespace tempa::inline TEMPA_ABI::cuda::layer_norm
