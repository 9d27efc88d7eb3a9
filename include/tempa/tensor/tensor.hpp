// A dense, contiguous, row-major array of one element type on one device.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/detail/device_memory.hpp>
#include <tempa/device/device.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("core");

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
  explicit Tensor(Shape shape, Device device = Device::cpu())
      : shape_(shape), device_(device), data_(detail::allocate<T>(device, static_cast<std::size_t>(shape.numel()))) {}

  /// All elements zero.
  static Tensor zeros(Shape shape, Device device = Device::cpu()) { return full(shape, T{}, device); }

  /// All elements `value`.
  static Tensor full(Shape shape, T value, Device device = Device::cpu()) {
    Tensor result(shape, device);
    result.fill(value);
    return result;
  }

  /// A copy of `values` in row-major order, on the host. @throws ShapeError when the counts differ.
  static Tensor from(std::span<const T> values, Shape shape) {
    if (static_cast<Index>(values.size()) != shape.numel())
      throw ShapeError(
          concat("[Tensor::from] shape ", shape, " needs ", shape.numel(), " values but has ", values.size()));
    Tensor result(shape);
    std::copy(values.begin(), values.end(), result.data());
    return result;
  }
  static Tensor from(const std::vector<T>& values, Shape shape) { return from(std::span<const T>(values), shape); }
  /// A copy of `values` as a vector (n).
  static Tensor from(const std::vector<T>& values) { return from(values, {static_cast<Index>(values.size())}); }

  /// Memory of another owner (a file's bytes), kept alive by `owner`; never written through this handle.
  static Tensor borrow(const T* memory, Shape shape, std::shared_ptr<const void> owner) {
    Tensor result;
    result.shape_ = shape;
    result.data_ = std::shared_ptr<T[]>(const_cast<T*>(memory), [owner = std::move(owner)](T*) {});
    return result;
  }

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
  std::vector<T> to_vector() const {
    std::vector<T> values(static_cast<std::size_t>(numel()));
    detail::copy_bytes(values.data(), Device::cpu(), data(), device_, nbytes());
    return values;
  }

  /// One element. @throws ShapeError when an index is out of range or their number is not the rank; DeviceError when
  /// the tensor is not on the host.
  const T& at(std::initializer_list<Index> indices) const { return host("at")[offset_of(indices)]; }
  T& at(std::initializer_list<Index> indices) { return host("at")[offset_of(indices)]; }

  /// The only element, from any device. @throws ShapeError unless there is exactly one.
  T item() const {
    if (numel() != 1) throw ShapeError(concat("[item] expected one element but has shape ", shape_));
    T value{};
    detail::copy_bytes(&value, Device::cpu(), data(), device_, sizeof(T));
    return value;
  }

  /// The same elements under another shape (a view). One size may be -1, which is computed.
  /// @throws ShapeError when the counts differ.
  Tensor reshape(std::initializer_list<Index> sizes) const {
    Index known = 1;
    bool inferred = false;
    for (const Index size : sizes) {
      if (size == -1 && !std::exchange(inferred, true)) continue;
      known *= size;
    }
    Shape shape;
    for (const Index size : sizes) shape.push_back(size == -1 && known > 0 ? numel() / known : size);
    return reshape(shape);
  }
  Tensor reshape(const Shape& shape) const {
    if (shape.numel() != numel())
      throw ShapeError(
          concat("[reshape] shape ", shape_, " has ", numel(), " elements but ", shape, " has ", shape.numel()));
    Tensor view = *this;
    view.shape_ = shape;
    return view;
  }

  /// Rows [begin, end) of the first dimension (a view). @throws ShapeError when out of range.
  Tensor rows(Index begin, Index end) const {
    if (rank() == 0 || begin < 0 || end < begin || end > size(0))
      throw ShapeError(concat("[rows] [", begin, ",", end, ") is outside of shape ", shape_));
    Tensor view = *this;
    view.shape_ = shape_.with(0, end - begin);
    const Index row = shape_.without(0).numel();
    view.data_ = std::shared_ptr<T[]>(data_, data_.get() + begin * row);
    return view;
  }

  /// A copy with its own storage.
  Tensor clone() const {
    Tensor copy(shape_, device_);
    copy.copy_from(*this);
    return copy;
  }

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
  Tensor to(Device device) const {
    if (device == device_) return *this;
    Tensor moved(shape_, device);
    moved.copy_from(*this);
    return moved;
  }

  void fill(T value) { detail::fill_elements(data(), value, numel(), device_); }

  /// Copies the elements of `source`, which may be on another device, into this tensor's storage.
  /// @throws ShapeError when the shapes differ.
  void copy_from(const Tensor& source) {
    check_shape("copy_from", "source", source.shape(), shape_);
    detail::copy_bytes(data(), device_, source.data(), source.device_, nbytes());
  }

  /// Whether no other handle or view shares the storage.
  bool unique() const { return data_.use_count() == 1; }

 private:
  T* host(std::string_view function) const {
    if (device_.is_cuda())
      throw DeviceError(concat("[", function, "] the elements are on ", device_,
                               "; copy them to the host first: tensor.to(Device::cpu())"));
    return data_.get();
  }

  Index offset_of(std::initializer_list<Index> indices) const {
    if (static_cast<Index>(indices.size()) != rank())
      throw ShapeError(concat("[at] expected ", rank(), " indices for shape ", shape_, " but has ", indices.size()));
    Index offset = 0, axis = 0;
    for (const Index index : indices) {
      if (index < 0 || index >= size(axis))
        throw ShapeError(concat("[at] index ", index, " of axis ", axis, " is outside of shape ", shape_));
      offset = offset * size(axis++) + index;
    }
    return offset;
  }

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

TEMPA_COMPILED_CLASS(class Tensor);
TEMPA_COMPILED_ONCE(class Tensor<std::int32_t>);
TEMPA_COMPILED_ONCE(class Tensor<std::int64_t>);
TEMPA_COMPILED_ONCE(class Tensor<std::uint8_t>);

}  // namespace tempa::inline TEMPA_ABI
