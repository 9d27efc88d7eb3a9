// Launchers of kernels/accumulate.cu: sums of gradients, dropout, choices by a mask.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i += x_i. @param y, x (n).
template <Floating T>
void accumulate(Backend backend, T* y, const T* x, Index n);

/// x *= factor. @param x (n)
template <Floating T>
void scale_in_place(Backend backend, T* x, Index n, Accumulator<T> factor);

/// y_i = x_i / (1 - drop_prob), or 0, as number i of the stream decides. Used for x and for dy.
/// @param y, x (n).
template <Floating T>
void dropout_apply(Backend backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream);

/// y_i = a_i where mask_i is not 0, else b_i. @param y, mask, a, b (n).
template <Floating T>
void where_forward(Backend backend, T* y, const std::uint8_t* mask, const T* a, const T* b, Index n);

/// da_i = dy_i where mask_i is not 0, else 0; db_i the other way round. @param da, db (n), or nullptr.
template <Floating T>
void where_backward(Backend backend, T* da, T* db, const T* dy, const std::uint8_t* mask, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
