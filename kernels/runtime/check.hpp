// Turns a status of the CUDA runtime into an exception.
#pragma once

#include "kernels/device/platform.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// @throws OutOfMemoryError, DeviceError or CudaError, `[who] what: cudaErrorName (text)`.
[[noreturn]] void throw_cuda_error(const char* who, const char* what, cudaError_t status);

/// @throws as `throw_cuda_error`, unless `status` is success.
inline void check(const char* who, const char* what, cudaError_t status) {
  if (status != cudaSuccess) throw_cuda_error(who, what, status);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
