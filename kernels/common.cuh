// The header that kernel files include. They are compiled by nvcc for a GPU, and by the host compiler against an
// emulation of the CUDA execution model (emulation/) when TEMPA_CUDA_EMULATED is defined.
#pragma once

#include "kernels/device/convert.cuh"
#include "kernels/device/philox.cuh"
#include "kernels/device/platform.cuh"
#include "kernels/device/shared.cuh"
#include "kernels/device/vector.cuh"
#include "kernels/device/warp.cuh"
#include "kernels/runtime/launch.cuh"
