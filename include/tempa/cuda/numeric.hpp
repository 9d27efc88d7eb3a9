// Launchers of kernels/numeric.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

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
