// Launchers of kernels/softmax.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_oij = e^(x_oij) / sum_i e^(x_oij). @param y, x (outer,middle,inner).
template <Floating T>
void softmax_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner);

/// dx = y (dy - sum_i y dy), where a 16-bit y is scaled so that its sum is 1. @param dx, dy, y (outer,middle,inner).
template <Floating T>
void softmax_backward(Backend backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner);

/// y_oij = x_oij - log sum_i e^(x_oij). @param y, x (outer,middle,inner).
template <Floating T>
void log_softmax_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner);

/// dx = dy - e^y sum_i dy. @param dx, dy, y (outer,middle,inner).
template <Floating T>
void log_softmax_backward(Backend backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner);

}  // namespace tempa::inline TEMPA_ABI::cuda
