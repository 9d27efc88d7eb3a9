// The bodies of <tempa/cpu/simd/square_root.hpp>.
#pragma once

#include <tempa/cpu/simd/square_root.hpp>

#include <cmath>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tempa::inline TEMPA_ABI::cpu {

TEMPA_INLINE void square_root(float* y, const float* x, Index n) {
  Index i = 0;
#if defined(__AVX__)
  for (; i + 8 <= n; i += 8) _mm256_storeu_ps(y + i, _mm256_sqrt_ps(_mm256_loadu_ps(x + i)));
#elif defined(__SSE2__)
  for (; i + 4 <= n; i += 4) _mm_storeu_ps(y + i, _mm_sqrt_ps(_mm_loadu_ps(x + i)));
#elif defined(__aarch64__)
  for (; i + 4 <= n; i += 4) vst1q_f32(y + i, vsqrtq_f32(vld1q_f32(x + i)));
#endif
  for (; i < n; ++i) y[i] = std::sqrt(x[i]);
}

TEMPA_INLINE void square_root(double* y, const double* x, Index n) {
  for (Index i = 0; i < n; ++i) y[i] = std::sqrt(x[i]);
}

}  // namespace tempa::inline TEMPA_ABI::cpu
