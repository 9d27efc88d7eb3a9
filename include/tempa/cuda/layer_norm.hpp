// Launchers of kernels/layer_norm.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y = (x - mean) rstd gamma + beta, rstd = 1 / sqrt(var + eps), var over the row without Bessel's correction.
/// @param y (rows,cols). @param mean, rstd (rows), kept for backward. @param x (rows,cols). @param gamma, beta (cols).
template <Floating T>
void layer_norm_forward(Backend backend, T* y, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x, const T* gamma,
                        const T* beta, Index rows, Index cols, Accumulator<T> eps);

/// dx = rstd (g - mean(g) - xhat mean(g xhat)) with g = dy gamma and xhat = (x - mean) rstd; dgamma += sum_i dy xhat;
/// dbeta += sum_i dy.
/// @param dx (rows,cols), or nullptr. @param dgamma, dbeta (cols), or nullptr.
template <Floating T>
void layer_norm_backward(Backend backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma,
                         const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, Index cols);

}  // namespace tempa::inline TEMPA_ABI::cuda
