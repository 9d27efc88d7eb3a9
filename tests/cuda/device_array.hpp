// Elements on the device, for tests of kernels below the floor of tensors.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include <memory>
#include <vector>

namespace tempa::test {

template <typename T>
class DeviceArray {
 public:
  /// Uninitialised.
  explicit DeviceArray(Index count) : count_(count), memory_(cuda::allocate(0, bytes())) {}
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(static_cast<Index>(values.size())) {
    cuda::copy_to_device(cuda::current_backend(0), memory_.get(), values.data(), bytes());
  }

  T* data() { return static_cast<T*>(memory_.get()); }
  const T* data() const { return static_cast<const T*>(memory_.get()); }
  std::size_t bytes() const { return static_cast<std::size_t>(count_) * sizeof(T); }
  std::vector<T> to_vector() const {
    std::vector<T> values(static_cast<std::size_t>(count_));
    cuda::copy_to_host(cuda::current_backend(0), values.data(), memory_.get(), bytes());
    return values;
  }

 private:
  Index count_;
  std::shared_ptr<void> memory_;
};

}  // namespace tempa::test
