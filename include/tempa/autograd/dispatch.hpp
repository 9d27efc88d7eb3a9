// From the device of a tensor to the kernels that run there.
#pragma once

#include <tempa/core/device.hpp>
#include <tempa/cpu/backend.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/cuda/launch.hpp>
#include <tempa/cuda/runtime.hpp>
#endif

namespace tempa::inline TEMPA_ABI {

/// Calls `f(backend)` with the tag of `device`'s kernels; the kernel itself is found by the tag's namespace.
/// The CUDA tag carries the calling thread's current stream.
/// @throws DeviceError when the device has gone.
template <typename F>
void on(Device device, F&& f) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) return static_cast<void>(f(cuda::current_backend(device.index())));
#endif
  static_cast<void>(device);  // without CUDA there is no other device than the host
  f(cpu::Backend{});
}

}  // namespace tempa::inline TEMPA_ABI
