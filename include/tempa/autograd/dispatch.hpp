// Chooses the kernels of a tensor's device.
#pragma once

#include <tempa/cpu/backend.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/stream.hpp>
#include <tempa/device/device.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/cuda/launch.hpp>
#include <tempa/device/cuda/runtime.hpp>
#include <tempa/tensor/detail/profile_log.hpp>
#endif

namespace tempa::inline TEMPA_ABI {

/// Calls `f(backend)` with the tag of `device`'s kernels; argument-dependent lookup finds the kernel in its namespace.
/// The CUDA tag carries the calling thread's current stream.
/// @throws DeviceError when the device is no longer available.
template <typename F>
void on(Device device, F&& f) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) {
    const cuda::Backend backend = cuda::current_backend(device.index());
    f(backend);
    if (detail::profile_waits() && detail::open_profile_log != nullptr) cuda::synchronize(backend);
    return;
  }
#endif
  static_cast<void>(device);  // without CUDA there is no other device than the host
  f(cpu::Backend{});
}

}  // namespace tempa::inline TEMPA_ABI
