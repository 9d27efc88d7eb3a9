// Launchers of kernels/loss_scale.cu: the loss scale of `GradScaler`, which stays in device memory.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/loss_scale.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y = factor x. @param y, x (n); may be the same. @param factor (1) on the device.
template <Floating T>
void scale_by(Backend backend, T* y, const T* x, Index n, const double* factor);

/// `update_loss_scale`. @param state (1) on the device.
void update_loss_scale(Backend backend, LossScale* state);

}  // namespace tempa::inline TEMPA_ABI::cuda
