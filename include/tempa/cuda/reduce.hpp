// Launchers of kernels/reduce.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_j += sum_i x_ij, rounded to a 16-bit type once. @param y (cols). @param x (rows,cols).
template <Floating T>
void column_sum_accumulate(Backend backend, T* y, const T* x, Index rows, Index cols);

/// y_oj = scale sum_i x_oij, rounded to a 16-bit type once. @param y (outer,inner). @param x (outer,middle,inner).
template <Floating T>
void sum_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner, Accumulator<T> scale);

/// dx_oij = scale dy_oj. @param dx (outer,middle,inner). @param dy (outer,inner).
template <Floating T>
void sum_backward(Backend backend, T* dx, const T* dy, Index outer, Index middle, Index inner, Accumulator<T> scale);

/// y_oj = max_i x_oij, and the first i where it is; a NaN counts as the largest.
/// @param y, where (outer,inner). @param x (outer,middle,inner), middle > 0.
template <Floating T>
void max_forward(Backend backend, T* y, Index* where, const T* x, Index outer, Index middle, Index inner);

/// dx_oij = dy_oj where i is the place of the maximum, else 0.
/// @param dx (outer,middle,inner). @param dy, where (outer,inner).
template <Floating T>
void max_backward(Backend backend, T* dx, const T* dy, const Index* where, Index outer, Index middle, Index inner);

}  // namespace tempa::inline TEMPA_ABI::cuda
