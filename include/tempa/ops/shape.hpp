// Operations that only move elements: reshape, transpose, slice, cat and their relatives.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/copy.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <array>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The same elements under another shape, as a view. @param shape of as many elements. @saves nothing.
/// @throws ShapeError. @source torch.reshape
template <Floating T>
Variable<T> reshape(const Variable<T>& x, const Shape& shape) {
  const ProfileScope scope("reshape", ProfileCategory::kForward);
  return record("reshape", x.value().reshape(shape), {x},
                [=](const Tensor<T>& dy) { x.accumulate_grad(dy.reshape(x.shape())); });
}
/// The same; one size may be -1, which is computed.
template <Floating T>
Variable<T> reshape(const Variable<T>& x, std::initializer_list<Index> sizes) {
  return reshape(x, x.value().reshape(sizes).shape());
}

/// Adds a dimension of size 1 before `axis`, as a view; -1 adds it at the end. @throws ShapeError.
/// @source torch.unsqueeze
template <Floating T>
Variable<T> unsqueeze(const Variable<T>& x, Index axis);

/// Removes dimension `axis`, whose size must be 1, as a view. @throws ShapeError. @source torch.squeeze
template <Floating T>
Variable<T> squeeze(const Variable<T>& x, Index axis);

/// Dimension i of the result is dimension `axes[i]` of x, as a copy. @param axes each axis of x once; may be negative.
/// @saves nothing. @throws ShapeError. @source torch.permute
template <Floating T>
Variable<T> permute(const Variable<T>& x, std::span<const Index> axes) {
  const ProfileScope scope("permute", ProfileCategory::kForward);
  constexpr auto kMaxRank = static_cast<std::size_t>(Shape::kMaxRank);
  std::array<Index, kMaxRank> strides{}, inverse{};
  std::array<bool, kMaxRank> used{};
  const auto rank = static_cast<std::size_t>(x.shape().rank());
  if (axes.size() != rank)
    throw ShapeError(concat("[permute] expected ", rank, " axes for shape ", x.shape(), " but has ", axes.size()));
  for (std::size_t d = rank, stride = 1; d-- > 0; stride *= static_cast<std::size_t>(x.size(static_cast<Index>(d))))
    strides[d] = static_cast<Index>(stride);
  Shape shape;
  LoopNest<1> nest;
  for (std::size_t d = 0; d < rank; ++d) {
    const auto from = static_cast<std::size_t>(detail::split_at("permute", x.shape(), axes[d]).axis);
    if (std::exchange(used[from], true)) throw ShapeError(concat("[permute] axis ", axes[d], " is named twice"));
    inverse[from] = static_cast<Index>(d);
    shape.push_back(x.size(static_cast<Index>(from)));
    nest.push_back(shape[-1], {strides[from]});
  }
  Tensor<T> y(shape, x.device());
  on(x.device(), [&](auto backend) { copy_nest(backend, y.data(), x.value().data(), nest, y.numel()); });
  count_bytes(x, y);
  return record("permute", std::move(y), {x}, [=](const Tensor<T>& dy) {
    x.accumulate_grad(permute(Variable<T>(dy), std::span(inverse.data(), rank)).value());
  });
}
/// The same for axes in braces.
template <Floating T>
Variable<T> permute(const Variable<T>& x, std::initializer_list<Index> axes) {
  return permute(x, std::span(axes.begin(), axes.size()));
}

/// Dimensions `first` and `second` exchanged, as a copy. @throws ShapeError. @source torch.transpose
template <Floating T>
Variable<T> transpose(const Variable<T>& x, Index first, Index second);

/// x repeated along its dimensions of size 1, and along new leading ones, as a copy. @param shape to which x
/// broadcasts.
/// @saves nothing. @throws ShapeError. @source torch.broadcast_to
template <Floating T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);

/// Elements [begin, end) along `axis`; a view for axis 0, else a copy. @param begin, end a negative one counts from the
/// end.
/// @saves nothing. @throws ShapeError unless 0 <= begin <= end <= size. @source torch.narrow
template <Floating T>
Variable<T> slice(const Variable<T>& x, Index axis, Index begin, Index end);

/// The tensors joined along `axis`. @param parts at least one; all sizes but that of `axis` equal.
/// @saves nothing. @throws ValueError without parts, ShapeError, DeviceError. @source torch.cat
template <Floating T>
Variable<T> cat(std::vector<Variable<T>> parts, Index axis);

/// The tensors along a new dimension before `axis`; -1 makes it the last. @param parts at least one; all shapes equal.
/// @saves nothing. @throws ValueError without parts, ShapeError, DeviceError. @source torch.stack
template <Floating T>
Variable<T> stack(const std::vector<Variable<T>>& parts, Index axis);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/shape.ipp>
#endif
