// Includes CUDA or its emulation, and what both need from the library.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#if defined(TEMPA_CUDA_EMULATED)
#include "emulation/cuda_emulation.hpp"
#else
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>
#endif

#if !defined(TEMPA_WITH_CUDA)
#error "the kernels are compiled with TEMPA_WITH_CUDA, which is a part of the names of all symbols"
#endif

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kWarpSize = 32;
inline constexpr unsigned kAllLanes = 0xffffffffu;

/// a / b, rounded up; b > 0 and a >= 0.
template <typename T>
constexpr __host__ __device__ T ceil_div(T a, T b) {
  return (a + b - 1) / b;
}

/// `a` rounded up to a multiple of `b`.
template <typename T>
constexpr __host__ __device__ T round_up(T a, T b) {
  return ceil_div(a, b) * b;
}

/// This thread's number in a one-dimensional grid of one-dimensional blocks.
__device__ inline Index thread_number_in_grid() {
  return static_cast<Index>(blockIdx.x) * static_cast<Index>(blockDim.x) + static_cast<Index>(threadIdx.x);
}

/// Threads of a one-dimensional grid: the stride of a loop that works for any grid size.
__device__ inline Index threads_in_grid() { return static_cast<Index>(gridDim.x) * static_cast<Index>(blockDim.x); }

__device__ inline int thread_in_block() { return static_cast<int>(threadIdx.x); }
__device__ inline int lane_in_warp() { return static_cast<int>(threadIdx.x) % kWarpSize; }
__device__ inline int warp_in_block() { return static_cast<int>(threadIdx.x) / kWarpSize; }

}  // namespace tempa::inline TEMPA_ABI::cuda
