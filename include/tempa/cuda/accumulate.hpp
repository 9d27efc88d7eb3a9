// Launchers of kernels/accumulate.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i += x_i. @param y, x (n).
template <Floating T>
void accumulate(Backend backend, T* y, const T* x, Index n);

/// x *= factor. @param x (n)
template <Floating T>
void scale_in_place(Backend backend, T* x, Index n, Accumulator<T> factor);

}  // namespace tempa::inline TEMPA_ABI::cuda
