// What a kernel file includes. The same files are compiled by nvcc for a GPU, and by the host compiler against an
// emulation of the CUDA execution model (tests/emulation) when TEMPA_CUDA_EMULATED is defined.
#pragma once

#include "convert.cuh"
#include "launch.cuh"
#include "philox.cuh"
#include "platform.cuh"
#include "shared.cuh"
#include "vector.cuh"
#include "warp.cuh"
