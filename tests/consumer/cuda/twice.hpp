#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

/// y = 2 x, of n elements on the device.
void twice(tempa::cuda::Backend backend, float* y, const float* x, tempa::Index n);
