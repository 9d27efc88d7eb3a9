// Allocates, copies, fills and converts memory on any device: the only place where tensors distinguish the host from
// CUDA.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/detail/storage.hpp>
#include <tempa/device/device.hpp>
#if defined(TEMPA_WITH_CUDA)
#include <tempa/device/cuda/convert.hpp>
#include <tempa/device/cuda/device.hpp>
#include <tempa/device/cuda/fill.hpp>
#include <tempa/device/cuda/memory.hpp>
#endif

#include <algorithm>
#include <cstddef>
#include <memory>

namespace tempa::inline TEMPA_ABI::detail {

/// Shared ownership of `count` uninitialized elements on `device`. @throws OutOfMemoryError.
template <typename T>
std::shared_ptr<T[]> allocate(Device device, std::size_t count) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) {
    check_element_count(count, sizeof(T));
    const std::shared_ptr<void> memory = cuda::allocate(device.index(), count * sizeof(T));
    return std::shared_ptr<T[]>(memory, static_cast<T*>(memory.get()));
  }
#endif
  static_cast<void>(device);
  return allocate_host<T>(count);
}

/// Copies bytes from one device to another or within one; returns when the host may read or change its memory.
void copy_bytes(void* to, Device to_device, const void* from, Device from_device, std::size_t bytes);

/// y_i = value. @param y (n)
template <typename T>
void fill_elements(T* y, T value, Index n, Device device) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) return cuda::fill(cuda::current_backend(device.index()), y, value, n);
#endif
  static_cast<void>(device);
  std::fill_n(y, n, value);
}

/// y_i = x_i, converted by `element_cast`. @param y, x (n)
template <typename To, typename From>
void cast_elements(To* y, const From* x, Index n, Device device) {
#if defined(TEMPA_WITH_CUDA)
  if (device.is_cuda()) return cuda::cast(cuda::current_backend(device.index()), y, x, n);
#endif
  static_cast<void>(device);
  std::transform(x, x + n, y, [](From value) { return element_cast<To>(value); });
}

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/device/detail/impl/device_memory.ipp>
#endif
