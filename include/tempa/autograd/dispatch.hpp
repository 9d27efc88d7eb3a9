// From the device of a tensor to the kernels that run there.
#pragma once

#include <tempa/core/device.hpp>
#include <tempa/cpu/backend.hpp>

namespace tempa::inline TEMPA_ABI {

/// Calls `f(backend)` with the tag of `device`'s kernels; the kernel itself is found by the tag's namespace.
/// @throws DeviceError when this build has no kernels for the device.
template <typename F>
void on(Device device, F&& f) {
  if (!device.is_cpu()) throw DeviceError(concat("[on] this build has no kernels for ", device));
  f(cpu::Backend{});
}

}  // namespace tempa::inline TEMPA_ABI
