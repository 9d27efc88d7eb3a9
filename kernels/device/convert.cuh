// Conversions in kernels, bit-equal to the casts of core/dtype.hpp (except for the payload of a NaN).
#pragma once

#include "kernels/device/platform.cuh"

#include <bit>
#include <cstring>

namespace tempa::inline TEMPA_ABI::cuda {

__host__ __device__ inline float to_accumulator(float value) { return value; }
__host__ __device__ inline double to_accumulator(double value) { return value; }
__host__ __device__ inline float to_accumulator(bfloat16 value) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16);
}
__host__ __device__ inline float to_accumulator(float16 value) {
#if defined(__CUDA_ARCH__)
  return __half2float(std::bit_cast<__half>(value.bits));
#else
  return static_cast<float>(value);
#endif
}

/// The number rounded to `T`, to nearest even.
template <Floating T>
__host__ __device__ inline T from_accumulator(Accumulator<T> value) {
  if constexpr (Real<T>) {
    return value;
  } else {
#if defined(__CUDA_ARCH__)
    T result;
    if constexpr (std::same_as<T, bfloat16>) {
      result.bits = std::bit_cast<std::uint16_t>(__float2bfloat16_rn(value));
    } else {
      result.bits = std::bit_cast<std::uint16_t>(__float2half_rn(value));
    }
    return result;
#else
    return T(value);
#endif
  }
}

/// Any of the four types as a float.
template <Floating T>
__host__ __device__ inline float to_float(T value) {
  return static_cast<float>(to_accumulator(value));
}

/// A float rounded to any of the four types.
template <Floating T>
__host__ __device__ inline T from_float(float value) {
  return from_accumulator<T>(static_cast<Accumulator<T>>(value));
}

/// Two floats rounded to 16 bits and packed into a register, `low` in the lower half: one operand of a tensor core.
template <Floating T>
__device__ inline std::uint32_t pack(float low, float high) {
  static_assert(sizeof(T) == 2);
#if defined(__CUDA_ARCH__)
  std::uint32_t bits;  // by memcpy: CUDA's pairs are not trivially copyable for std::bit_cast
  if constexpr (std::same_as<T, bfloat16>) {
    const __nv_bfloat162 pair = __floats2bfloat162_rn(low, high);
    memcpy(&bits, &pair, sizeof bits);
  } else {
    const __half2 pair = __floats2half2_rn(low, high);
    memcpy(&bits, &pair, sizeof bits);
  }
  return bits;
#else
  return static_cast<std::uint32_t>(T(low).bits) | (static_cast<std::uint32_t>(T(high).bits) << 16);
#endif
}

}  // namespace tempa::inline TEMPA_ABI::cuda
