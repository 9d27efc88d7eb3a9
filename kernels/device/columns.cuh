// Sums over rows, without atomics and in an order that depends only on the sizes: blocks sum pieces of the rows into
// partial sums, which a second kernel adds up in order.
#pragma once

#include "kernels/common.cuh"

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kColumnBlock = 256, kColumnWarps = kColumnBlock / kWarpSize;

/// Blocks that keep the largest GPUs busy, two for each of an H200's multiprocessors; a constant, since the number of
/// partial sums decides the bits of the result.
inline constexpr Index kBusyBlocks = 264;

/// The sum over i < count of x_i,column, for the column of each lane; in every warp of the block, which share the rows.
/// @param x (count,stride). @param here whether the column exists; all threads must call it. @param scratch (8 x 32).
template <typename A>
__device__ inline A sum_down(const A* x, Index count, Index stride, Index column, bool here, SharedPointer<A> scratch) {
  A sum = 0;
  if (here) {
#pragma unroll 8
    for (Index i = warp_in_block(); i < count; i += kColumnWarps) sum += x[i * stride + column];
  }
  scratch[thread_in_block()] = sum;
  __syncthreads();
  A total = 0;
  for (int w = 0; w < kColumnWarps; ++w) total += scratch[w * kWarpSize + lane_in_warp()];
  return total;
}

}  // namespace tempa::inline TEMPA_ABI::cuda
