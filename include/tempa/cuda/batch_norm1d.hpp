// Launchers of kernels/batch_norm1d.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// Mean and variance (without Bessel's correction) of every channel, in two passes.
/// @param mean, variance (C). @param x (B,C,L) with B L > 0.
template <Floating T>
void batch_norm_statistics(Backend backend, Accumulator<T>* mean, Accumulator<T>* variance, const T* x, Index batch,
                           Index channels, Index length);

/// running = (1 - factor) running + factor batch, the variance with Bessel's correction.
/// @param running_mean, running_var, mean, variance (C). @param count elements of a channel, at least 2.
template <Real T>
void batch_norm_track(Backend backend, T* running_mean, T* running_var, const T* mean, const T* variance,
                      Index channels, Index count, double factor);

/// y = (x - mean) / sqrt(variance + eps) gamma + beta.
/// @param y, x (B,C,L). @param mean, variance (C). @param gamma, beta (C), or nullptr for 1 and 0.
template <Floating T>
void batch_norm_forward(Backend backend, T* y, const T* x, const Accumulator<T>* mean, const Accumulator<T>* variance,
                        const T* gamma, const T* beta, Index batch, Index channels, Index length, double eps);

/// With xhat = (x - mean) rstd: dgamma += sum dy xhat, dbeta += sum dy, and dx = gamma rstd dy where mean and variance
/// are constants, gamma rstd (dy - mean(dy) - xhat mean(dy xhat)) where they are the batch's own.
/// @param dx (B,C,L), or nullptr. @param dgamma, dbeta (C), or nullptr. @param dy, x (B,C,L). @param mean, variance
/// (C).
/// @param gamma (C), or nullptr for 1.
template <Floating T>
void batch_norm_backward(Backend backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x,
                         const Accumulator<T>* mean, const Accumulator<T>* variance, const T* gamma, Index batch,
                         Index channels, Index length, double eps, bool own_statistics);

}  // namespace tempa::inline TEMPA_ABI::cuda
