// The CUDA side of the operation: the launchers of rms_norm.cu, with the names and arguments of the CPU's functions.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

/// @param y (N,C). @param rstd (N) saved for backward. @param x (N,C). @param gamma (C).
template <tempa::Real T>
void rms_norm_forward(tempa::cuda::Backend backend, T* y, T* rstd, const T* x, const T* gamma, tempa::Index rows,
                      tempa::Index cols, T eps);

/// @param dx (N,C). @param dgamma (C), or nullptr.
template <tempa::Real T>
void rms_norm_backward(tempa::cuda::Backend backend, T* dx, T* dgamma, const T* dy, const T* x, const T* gamma,
                       const T* rstd, tempa::Index rows, tempa::Index cols);
