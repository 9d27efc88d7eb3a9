// Reductions over the lanes of a warp and the warps of a block, in a fixed order: the same bits in every run, and in
// every thread. All lanes of a warp, all threads of a block, must call them; blocks are one-dimensional multiples
// of 32.
#pragma once

#include "kernels/device/shared.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

struct Sum {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a + b;
  }
};

/// The larger one; a NaN is kept on the left and lost on the right, as in the loops of the CPU.
struct Max {
  template <typename T>
  __device__ T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

/// combine over all `kLanes` lanes (a power of two) of each group of neighbors; the result is in every lane.
template <int kLanes = kWarpSize, typename T, typename Combine>
__device__ inline T warp_reduce(T value, Combine combine) {
  static_assert(kLanes > 0 && kLanes <= kWarpSize && (kLanes & (kLanes - 1)) == 0);
#if defined(TEMPA_CUDA_EMULATED)
  return emulation::butterfly<kLanes>(
      value, combine);  // the same as the loop below, with one switch of fibers instead of five
#else
#pragma unroll
  for (int distance = kLanes / 2; distance > 0; distance /= 2)
    value = combine(value, __shfl_xor_sync(kAllLanes, value, distance));
  return value;
#endif
}

template <int kLanes = kWarpSize, typename T>
__device__ inline T warp_sum(T value) {
  return warp_reduce<kLanes>(value, Sum{});
}

template <int kLanes = kWarpSize, typename T>
__device__ inline T warp_max(T value) {
  return warp_reduce<kLanes>(value, Max{});
}

/// combine over all threads of the block; the result is in every thread.
/// @param scratch (32), may be reused when this returns. @param identity the neutral element, for missing warps.
template <typename T, typename Combine>
__device__ inline T block_reduce(T value, SharedPointer<T> scratch, Combine combine, T identity) {
  value = warp_reduce(value, combine);
  if (lane_in_warp() == 0) scratch[warp_in_block()] = value;
  __syncthreads();
  const int warps = static_cast<int>(blockDim.x) / kWarpSize;
  T partial = identity;
  if (lane_in_warp() < warps) partial = scratch[lane_in_warp()];
  value = warp_reduce(partial, combine);
  __syncthreads();
  return value;
}

template <typename T>
__device__ inline T block_sum(T value, SharedPointer<T> scratch) {
  return block_reduce(value, scratch, Sum{}, T(0));
}

}  // namespace tempa::inline TEMPA_ABI::cuda
