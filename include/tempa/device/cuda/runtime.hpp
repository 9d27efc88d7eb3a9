// The part of the CUDA runtime that the library uses. No CUDA header is needed here: the functions are compiled by nvcc
// into the static library of the kernels. Each throws what CUDA reports: DeviceError, OutOfMemoryError or CudaError,
// with the text `[who] what: cudaErrorName (text)`. As in CUDA, an error of a kernel is reported by a later call.
#pragma once

#include <tempa/device/cuda/backend.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/graph.hpp>
#include <tempa/device/cuda/memory.hpp>
#include <tempa/device/cuda/stream.hpp>
