// Launchers of kernels/where.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i = a_i where mask_i is not 0, else b_i. @param y, mask, a, b (n).
template <Floating T>
void where_forward(Backend backend, T* y, const std::uint8_t* mask, const T* a, const T* b, Index n);

/// da_i = dy_i where mask_i is not 0, else 0; db_i the other way round. @param da, db (n), or nullptr.
template <Floating T>
void where_backward(Backend backend, T* da, T* db, const T* dy, const std::uint8_t* mask, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
