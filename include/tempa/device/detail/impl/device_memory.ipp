// The bodies of <tempa/device/detail/device_memory.hpp>.
#pragma once

#include <tempa/device/cuda/stream.hpp>
#include <tempa/device/detail/device_memory.hpp>

#include <cstring>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE void copy_bytes(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes) {
  if (bytes == 0) return;
#if defined(TEMPA_WITH_CUDA)
  if (to_device.is_cuda() && from_device.is_cuda()) {
    if (!(to_device == from_device)) cuda::synchronize(cuda::current_backend(from_device.index()));
    return cuda::copy_on_device(cuda::current_backend(to_device.index()), to, from, bytes);
  }
  if (to_device.is_cuda()) return cuda::copy_to_device(cuda::current_backend(to_device.index()), to, from, bytes);
  if (from_device.is_cuda()) return cuda::copy_to_host(cuda::current_backend(from_device.index()), to, from, bytes);
#endif
  static_cast<void>(to_device), static_cast<void>(from_device);
  std::memcpy(to, from, bytes);
}

}  // namespace tempa::inline TEMPA_ABI::detail
