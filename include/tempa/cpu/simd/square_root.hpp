// Square roots of arrays. Compilers leave a loop around std::sqrt scalar, because it may set errno; the processors' own
// instruction is vectorized and rounds correctly.
#pragma once

#include <tempa/core/shape.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_i = sqrt(x_i), correctly rounded, in the calling thread. @param y, x (n); may be the same.
void square_root(float* y, const float* x, Index n);
/// The same in double, without special code: doubles are for checks.
void square_root(double* y, const double* x, Index n);

}  // namespace tempa::inline TEMPA_ABI::cpu

#if !defined(TEMPA_SEPARATE)
#include <tempa/cpu/simd/impl/square_root.ipp>
#endif
