// Launcher of kernels/fill.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i = value. @param y (n).
template <Element T>
void fill(Backend backend, T* y, T value, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
