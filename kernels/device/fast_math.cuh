// Functions of the special function unit, for numbers that are rounded to 16 bits or summed up afterwards.
#pragma once

#include "kernels/device/platform.cuh"

#include <cmath>

namespace tempa::inline TEMPA_ABI::cuda {

/// 2^x within 2 units in the last place; 0 where that would be subnormal.
__device__ inline float fast_exp2(float x) {
#if defined(TEMPA_CUDA_EMULATED)
  return std::exp2(x);
#else
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
#endif
}

}  // namespace tempa::inline TEMPA_ABI::cuda
