// Launchers of kernels/optimizer.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/optimizer.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// g = grad_factor grad + l2 p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p = decay p - step_size m / (sqrt(w) inverse_sqrt_bias + eps), where w is v, or with AMSGrad max_v = max(max_v, v).
/// @param param (n) the weights; of a 16-bit parameter the float32 master weights. @param copy (n) the 16-bit
/// parameter,
///   which becomes `param` rounded, and from which `param` is taken over where something else has changed it; nullptr
///   where T is float or double.
/// @param m, v (n). @param max_v (n), or nullptr without AMSGrad. @param grad (n).
template <Floating T>
void adam_step(Backend backend, Accumulator<T>* param, T* copy, Accumulator<T>* m, Accumulator<T>* v,
               Accumulator<T>* max_v, const T* grad, Index n, const AdamScalars<Accumulator<T>>& scalars);

/// g = grad_factor grad + l2 p; buffer = momentum buffer + rest g; p -= lr d, where d is g without buffer, g +
/// lookahead buffer with Nesterov's momentum, else buffer.
/// @param param, copy (n) as in `adam_step`. @param buffer (n), or nullptr without momentum. @param grad (n).
template <Floating T>
void sgd_step(Backend backend, Accumulator<T>* param, T* copy, Accumulator<T>* buffer, const T* grad, Index n,
              const SGDScalars<Accumulator<T>>& scalars);

/// average += weight (value - average). @param average, value (n). @param weight in [0, 1]
template <Floating T>
void average_step(Backend backend, Accumulator<T>* average, const T* value, Index n, Accumulator<T> weight);

/// Exchanges the elements of two arrays. @param a, b (n)
template <Floating T>
void exchange(Backend backend, T* a, T* b, Index n);

/// found = 1 when an x is infinite or NaN; it is never set to 0. @param found (1), on the device. @param x (n).
template <Floating T>
void find_nonfinite(Backend backend, std::int32_t* found, const T* x, Index n);

/// sum_i x_i^2 in double, by pieces: the same bits in every run. Waits for the device. @param x (n)
template <Floating T>
double sum_of_squares(Backend backend, const T* x, Index n);

/// max_i |x_i|, 0 for no elements, NaN when one is NaN. Waits for the device. @param x (n)
template <Floating T>
double max_abs(Backend backend, const T* x, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
