// A dense, contiguous, row-major array of one element type on one device.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/detail/device_memory.hpp>
#include <tempa/device/device.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A handle to shared storage: copying a `Tensor` copies the handle, as in PyTorch, and `clone` copies the elements.
/// There is no tape here (see `Variable`), and no strides: a view is free where it is contiguous (`reshape`, `rows`).
template <Element T>
class Tensor {
 public:
  using value_type = T;

  /// No storage, shape (0).
  Tensor() : shape_{0}, device_(Device::cpu()) {}

  /// Uninitialized elements. @throws OutOfMemoryError.
  explicit Tensor(Shape shape, Device device = Device::cpu());

  /// All elements zero.
  static Tensor zeros(Shape shape, Device device = Device::cpu()) { return full(shape, T{}, device); }

  /// All elements `value`.
  static Tensor full(Shape shape, T value, Device device = Device::cpu());

  /// A copy of `values` in row-major order, on the host. @throws ShapeError when the counts differ.
  static Tensor from(std::span<const T> values, Shape shape);
  static Tensor from(const std::vector<T>& values, Shape shape) { return from(std::span<const T>(values), shape); }
  /// A copy of `values` as a vector (n).
  static Tensor from(const std::vector<T>& values) { return from(values, {static_cast<Index>(values.size())}); }

  /// Memory of another owner (a file's bytes), kept alive by `owner`; never written through this handle.
  static Tensor borrow(const T* memory, Shape shape, std::shared_ptr<const void> owner);

  const Shape& shape() const { return shape_; }
  /// Size of dimension `axis`; negative counts from the end.
  Index size(Index axis) const { return shape_[axis]; }
  Index rank() const { return shape_.rank(); }
  Index numel() const { return shape_.numel(); }
  bool empty() const { return numel() == 0; }
  Device device() const { return device_; }
  std::size_t nbytes() const { return static_cast<std::size_t>(numel()) * sizeof(T); }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  /// The elements, which the host may read. @throws DeviceError when they are on another device.
  std::span<T> span() { return {host("span"), static_cast<std::size_t>(numel())}; }
  std::span<const T> span() const { return {host("span"), static_cast<std::size_t>(numel())}; }
  /// A copy of the elements, from any device.
  std::vector<T> to_vector() const;

  /// One element. @throws ShapeError when an index is out of range or their number is not the rank; DeviceError when
  /// the tensor is not on the host.
  const T& at(std::initializer_list<Index> indices) const { return host("at")[offset_of(indices)]; }
  T& at(std::initializer_list<Index> indices) { return host("at")[offset_of(indices)]; }

  /// The only element, from any device. @throws ShapeError unless there is exactly one.
  T item() const;

  /// The same elements under another shape (a view). One size may be -1, which is computed.
  /// @throws ShapeError when the counts differ.
  Tensor reshape(std::initializer_list<Index> sizes) const;
  Tensor reshape(const Shape& shape) const;

  /// Rows [begin, end) of the first dimension (a view). @throws ShapeError when out of range.
  Tensor rows(Index begin, Index end) const;

  /// A copy with its own storage.
  Tensor clone() const;

  /// The elements converted to `U`; this tensor itself when the type is the same.
  template <Element U>
  Tensor<U> cast() const {
    if constexpr (std::same_as<T, U>) {
      return *this;
    } else {
      Tensor<U> result(shape_, device_);
      detail::cast_elements(result.data(), data(), numel(), device_);
      return result;
    }
  }

  /// This tensor on `device`: itself when it is already there. @throws OutOfMemoryError, CudaError.
  Tensor to(Device device) const;

  void fill(T value) { detail::fill_elements(data(), value, numel(), device_); }

  /// Copies the elements of `source`, which may be on another device, into this tensor's storage.
  /// @throws ShapeError when the shapes differ.
  void copy_from(const Tensor& source);

  /// Whether no other handle or view shares the storage.
  bool unique() const { return data_.use_count() == 1; }

 private:
  T* host(std::string_view function) const;

  Index offset_of(std::initializer_list<Index> indices) const;

  Shape shape_;
  Device device_;
  std::shared_ptr<T[]> data_;
};

/// @throws DeviceError `[op] …` unless all tensors are on the device of the first one.
template <typename First, typename... Rest>
void check_same_device(std::string_view op, const First& first, const Rest&... rest) {
  const auto check = [&](const auto& other) {
    if (other.device() != first.device())
      throw DeviceError(concat("[", op, "] all tensors must be on one device but they are on ", first.device(), " and ",
                               other.device()));
  };
  (check(rest), ...);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensor/impl/tensor.ipp>
#endif
