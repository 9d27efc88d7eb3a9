// Loads and stores of several neighboring elements by one instruction.
#pragma once

#include "kernels/device/convert.cuh"

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kVectorBytes = 16;  // bytes of the widest load of a thread

/// Elements of `T` in the widest load.
template <typename T>
inline constexpr int kVectorSize = kVectorBytes / static_cast<int>(sizeof(T));

/// `n` elements, aligned so that they are loaded and stored at once.
template <typename T, int n>
struct alignas(sizeof(T) * n) Vector {
  T values[n];

  __host__ __device__ T& operator[](int i) { return values[i]; }
  __host__ __device__ const T& operator[](int i) const { return values[i]; }
};

/// Whether `n` elements may be loaded at once from `p` and from every row of `stride` elements after it.
template <int n, typename T>
__host__ __device__ inline bool is_vector_aligned(const T* p, Index stride = n) {
  return reinterpret_cast<std::uintptr_t>(p) % (sizeof(T) * n) == 0 && stride % n == 0;
}

/// The `n` elements at `p`, which is aligned to them.
template <int n, typename T>
__device__ inline Vector<T, n> load_vector(const T* p) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::check_alignment(p, sizeof(T) * n);
#endif
  return *reinterpret_cast<const Vector<T, n>*>(p);
}

/// Writes `n` elements at `p`, which is aligned to them.
template <int n, typename T>
__device__ inline void store_vector(T* p, const Vector<T, n>& vector) {
#if defined(TEMPA_CUDA_EMULATED)
  emulation::check_alignment(p, sizeof(T) * n);
#endif
  *reinterpret_cast<Vector<T, n>*>(p) = vector;
}

}  // namespace tempa::inline TEMPA_ABI::cuda
