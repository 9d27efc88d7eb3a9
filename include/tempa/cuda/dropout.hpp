// Launcher of kernels/dropout.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i = x_i / (1 - drop_prob), or 0 where number i of the stream says so. Serves x and dy alike.
/// @param y, x (n).
template <Floating T>
void dropout_apply(Backend backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream);

}  // namespace tempa::inline TEMPA_ABI::cuda
