// Shared memory. On a GPU a `SharedPointer<T>` is a `T*`. In the emulation it checks each access: inside the array,
// initialized, aligned, and without a race with another thread since the last barrier.
//
// clang-format off
//   const auto tile = shared_array<float>(0, 32 * 33);                       // at byte 0 of dynamic shared memory
//   const auto scratch = shared_array<float>(sizeof(float) * 32 * 33, 32);   // after it
//   tile[i] = x;
//   const float y = tile[j];                                                 // not `auto y = tile[j]`
//   const auto vectors = shared_cast<Vector<float, 4>>(tile + offset);       // the same bytes as another type
// clang-format on
#pragma once

#include "kernels/device/platform.cuh"

#include <cstddef>

namespace tempa::inline TEMPA_ABI::cuda {

#if defined(TEMPA_CUDA_EMULATED)

using emulation::shared_array;
using emulation::shared_cast;
using emulation::SharedPointer;

#else

template <typename T>
using SharedPointer = T*;

/// `count` elements at `offset_bytes` of the block's dynamic shared memory; the offset is a multiple of their
/// alignment.
template <typename T>
__device__ inline SharedPointer<T> shared_array(std::size_t offset_bytes, std::size_t /*count*/) {
  extern __shared__ __align__(128) unsigned char dynamic_shared_memory[];
  return reinterpret_cast<T*>(dynamic_shared_memory + offset_bytes);
}

/// The bytes at `p` as another type.
template <typename To, typename From>
__device__ inline SharedPointer<To> shared_cast(From* p) {
  return reinterpret_cast<To*>(p);
}

#endif

}  // namespace tempa::inline TEMPA_ABI::cuda
