// The bodies of <tempa/tensor/tensor.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/tensor/tensor.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Element T>
Tensor<T>::Tensor(Shape shape, Device device)
    : shape_(shape), device_(device), data_(detail::allocate<T>(device, static_cast<std::size_t>(shape.numel()))) {}

template <Element T>
Tensor<T> Tensor<T>::full(Shape shape, T value, Device device) {
  Tensor result(shape, device);
  result.fill(value);
  return result;
}

template <Element T>
Tensor<T> Tensor<T>::from(std::span<const T> values, Shape shape) {
  if (static_cast<Index>(values.size()) != shape.numel())
    throw ShapeError(
        concat("[Tensor::from] shape ", shape, " needs ", shape.numel(), " values but has ", values.size()));
  Tensor result(shape);
  std::copy(values.begin(), values.end(), result.data());
  return result;
}

template <Element T>
Tensor<T> Tensor<T>::borrow(const T* memory, Shape shape, std::shared_ptr<const void> owner) {
  Tensor result;
  result.shape_ = shape;
  result.data_ = std::shared_ptr<T[]>(const_cast<T*>(memory), [owner = std::move(owner)](T*) {});
  return result;
}

template <Element T>
std::vector<T> Tensor<T>::to_vector() const {
  std::vector<T> values(static_cast<std::size_t>(numel()));
  detail::copy_bytes(values.data(), Device::cpu(), data(), device_, nbytes());
  return values;
}

template <Element T>
T Tensor<T>::item() const {
  if (numel() != 1) throw ShapeError(concat("[item] expected one element but has shape ", shape_));
  T value{};
  detail::copy_bytes(&value, Device::cpu(), data(), device_, sizeof(T));
  return value;
}

template <Element T>
Tensor<T> Tensor<T>::reshape(std::initializer_list<Index> sizes) const {
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

template <Element T>
Tensor<T> Tensor<T>::reshape(const Shape& shape) const {
  if (shape.numel() != numel())
    throw ShapeError(
        concat("[reshape] shape ", shape_, " has ", numel(), " elements but ", shape, " has ", shape.numel()));
  Tensor view = *this;
  view.shape_ = shape;
  return view;
}

template <Element T>
Tensor<T> Tensor<T>::rows(Index begin, Index end) const {
  if (rank() == 0 || begin < 0 || end < begin || end > size(0))
    throw ShapeError(concat("[rows] [", begin, ",", end, ") is outside of shape ", shape_));
  Tensor view = *this;
  view.shape_ = shape_.with(0, end - begin);
  const Index row = shape_.without(0).numel();
  view.data_ = std::shared_ptr<T[]>(data_, data_.get() + begin * row);
  return view;
}

template <Element T>
Tensor<T> Tensor<T>::clone() const {
  Tensor copy(shape_, device_);
  copy.copy_from(*this);
  return copy;
}

template <Element T>
Tensor<T> Tensor<T>::to(Device device) const {
  if (device == device_) return *this;
  Tensor moved(shape_, device);
  moved.copy_from(*this);
  return moved;
}

template <Element T>
void Tensor<T>::copy_from(const Tensor& source) {
  check_shape("copy_from", "source", source.shape(), shape_);
  detail::copy_bytes(data(), device_, source.data(), source.device_, nbytes());
}

template <Element T>
T* Tensor<T>::host(std::string_view function) const {
  if (device_.is_cuda())
    throw DeviceError(concat("[", function, "] the elements are on ", device_,
                             "; copy them to the host first: tensor.to(Device::cpu())"));
  return data_.get();
}

template <Element T>
Index Tensor<T>::offset_of(std::initializer_list<Index> indices) const {
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

TEMPA_INSTANTIATE_CLASS(class Tensor);
TEMPA_INSTANTIATE(class Tensor<std::int32_t>);
TEMPA_INSTANTIATE(class Tensor<std::int64_t>);
TEMPA_INSTANTIATE(class Tensor<std::uint8_t>);

}  // namespace tempa::inline TEMPA_ABI
