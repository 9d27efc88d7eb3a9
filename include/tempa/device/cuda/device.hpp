// The CUDA devices of this machine and their properties.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstddef>
#include <string>

namespace tempa::inline TEMPA_ABI::cuda {

/// CUDA devices that can be used; 0 where there is no driver or no device.
int device_count() noexcept;

/// Why `device_count` is 0, e.g. "no CUDA driver is installed (…)"; empty when it is not.
std::string unavailable_reason();

/// The properties of a device.
struct DeviceProperties {
  std::string name;
  int major = 0;                                  ///< compute capability, e.g. 9 of 9.0
  int minor = 0;                                  ///< and its 0
  int multiprocessors = 0;                        ///< streaming multiprocessors
  std::size_t total_memory_bytes = 0;             ///< device memory
  std::size_t shared_memory_per_block_bytes = 0;  ///< the most shared memory that a kernel may opt in to
  std::size_t l2_cache_bytes = 0;                 ///< L2 cache
};

/// Read once and kept. @throws DeviceError when there is no such device.
const DeviceProperties& properties(int device);

/// The calling thread's stream on `device`: the default stream, or that of the innermost `StreamGuard` or capture.
/// @throws DeviceError when there is no such device.
Backend current_backend(int device);

/// Waits until all work of the stream is done. @throws CudaError when some of it failed; ValueError as
/// `throw_if_fault`.
void synchronize(Backend backend);

}  // namespace tempa::inline TEMPA_ABI::cuda
