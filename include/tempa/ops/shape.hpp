// Operations that only move elements: reshape, transpose, slice, cat and their relatives.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/copy.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>

#include <algorithm>
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
Variable<T> unsqueeze(const Variable<T>& x, Index axis) {
  const Index rank = x.shape().rank(), at = axis < 0 ? axis + rank + 1 : axis;
  if (at < 0 || at > rank) throw ShapeError(concat("[unsqueeze] axis ", axis, " is outside of shape ", x.shape()));
  Shape shape;
  for (Index i = 0; i <= rank; ++i) {
    if (i == at) shape.push_back(1);
    if (i < rank) shape.push_back(x.size(i));
  }
  return reshape(x, shape);
}

/// Removes dimension `axis`, whose size must be 1, as a view. @throws ShapeError. @source torch.squeeze
template <Floating T>
Variable<T> squeeze(const Variable<T>& x, Index axis) {
  if (detail::split_at("squeeze", x.shape(), axis).middle != 1)
    throw ShapeError(concat("[squeeze] axis ", axis, " must have size 1 but the shape is ", x.shape()));
  return reshape(x, x.shape().without(axis));
}

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
template <Floating T>
Variable<T> permute(const Variable<T>& x, std::initializer_list<Index> axes) {
  return permute(x, std::span(axes.begin(), axes.size()));
}

/// Dimensions `first` and `second` exchanged, as a copy. @throws ShapeError. @source torch.transpose
template <Floating T>
Variable<T> transpose(const Variable<T>& x, Index first, Index second) {
  std::vector<Index> axes;
  for (Index i = 0; i < x.shape().rank(); ++i) axes.push_back(i);
  std::swap(axes[static_cast<std::size_t>(detail::split_at("transpose", x.shape(), first).axis)],
            axes[static_cast<std::size_t>(detail::split_at("transpose", x.shape(), second).axis)]);
  return permute(x, axes);
}

/// x repeated along its dimensions of size 1, and along new leading ones, as a copy. @param shape to which x
/// broadcasts.
/// @saves nothing. @throws ShapeError. @source torch.broadcast_to
template <Floating T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const ProfileScope scope("broadcast_to", ProfileCategory::kForward);
  if (!(broadcast_shape("broadcast_to", x.shape(), shape) == shape))
    throw ShapeError(concat("[broadcast_to] shape ", x.shape(), " does not broadcast to ", shape));
  Tensor<T> y(shape, x.device());
  on(x.device(), [&](auto backend) {
    copy_nest(backend, y.data(), x.value().data(), broadcast_nest(shape, x.shape()), y.numel());
  });
  count_bytes(x, y);
  return record("broadcast_to", std::move(y), {x},
                [=](const Tensor<T>& dy) { x.accumulate_grad(detail::sum_to_shape(dy, x.shape())); });
}

/// Elements [begin, end) along `axis`; a view for axis 0, else a copy. @param begin, end a negative one counts from the
/// end.
/// @saves nothing. @throws ShapeError unless 0 <= begin <= end <= size. @source torch.narrow
template <Floating T>
Variable<T> slice(const Variable<T>& x, Index axis, Index begin, Index end) {
  const ProfileScope scope("slice", ProfileCategory::kForward);
  const auto split = detail::split_at("slice", x.shape(), axis);
  const Index first = begin < 0 ? begin + split.middle : begin, last = end < 0 ? end + split.middle : end;
  if (first < 0 || last < first || last > split.middle)
    throw ShapeError(concat("[slice] [", begin, ",", end, ") is outside of axis ", axis, " of shape ", x.shape()));
  const Index width = (last - first) * split.inner, stride = split.middle * split.inner, offset = first * split.inner;
  Tensor<T> y;  // (outer,end - begin,inner)
  if (split.axis == 0) {
    y = x.value().rows(first, last);
  } else {
    y = Tensor<T>(x.shape().with(axis, last - first), x.device());
    count_bytes(y, y);
    on(x.device(), [&](auto backend) {
      copy_rows(backend, y.data(), width, x.value().data() + offset, stride, split.outer, width);
    });
  }
  return record("slice", std::move(y), {x}, [=](const Tensor<T>& dy) {
    count_bytes(dy, dy, dy);  // x's gradient is read and written
    on(dy.device(), [&](auto backend) {
      add_rows(backend, x.mutable_grad().data() + offset, stride, dy.data(), width, split.outer, width);
    });
  });
}

/// The tensors joined along `axis`. @param parts at least one; all sizes but that of `axis` equal.
/// @saves nothing. @throws ValueError without parts, ShapeError, DeviceError. @source torch.cat
template <Floating T>
Variable<T> cat(std::vector<Variable<T>> parts, Index axis) {
  const ProfileScope scope("cat", ProfileCategory::kForward);
  if (parts.empty()) throw ValueError("[cat] expected at least one tensor but got none");
  const auto split = detail::split_at("cat", parts[0].shape(), axis);
  Index total = 0;
  for (const auto& part : parts) {
    check_rank("cat", "every tensor", part.shape(), parts[0].shape().rank());
    check_shape("cat", "every tensor", part.shape(), parts[0].shape().with(axis, part.size(axis)));
    check_same_device("cat", parts[0], part);
    total += part.size(axis);
  }
  const Index stride = total * split.inner;
  Tensor<T> y(parts[0].shape().with(axis, total), parts[0].device());  // (outer,total,inner)
  Index offset = 0;
  for (const auto& part : parts) {
    const Index width = part.size(axis) * split.inner;
    on(y.device(), [&](auto backend) {
      copy_rows(backend, y.data() + offset, stride, part.value().data(), width, split.outer, width);
    });
    offset += width;
  }
  const std::vector<TapeInput> inputs(parts.begin(), parts.end());
  count_bytes(y, y);
  return record("cat", std::move(y), inputs, [=, inputs_of_cat = std::move(parts)](const Tensor<T>& dy) {
    count_bytes(dy, dy);
    Index from = 0;
    for (const auto& part : inputs_of_cat) {
      const Index width = part.size(axis) * split.inner;
      if (part.requires_grad()) {
        Tensor<T> dx(part.shape(), part.device());
        on(dy.device(),
           [&](auto backend) { copy_rows(backend, dx.data(), width, dy.data() + from, stride, split.outer, width); });
        part.accumulate_grad(std::move(dx));
      }
      from += width;
    }
  });
}

/// The tensors along a new dimension before `axis`; -1 makes it the last. @param parts at least one; all shapes equal.
/// @saves nothing. @throws ValueError without parts, ShapeError, DeviceError. @source torch.stack
template <Floating T>
Variable<T> stack(const std::vector<Variable<T>>& parts, Index axis) {
  std::vector<Variable<T>> layers;
  for (const auto& part : parts) {
    check_shape("stack", "every tensor", part.shape(), parts[0].shape());
    layers.push_back(unsqueeze(part, axis));
  }
  return cat(std::move(layers), axis);
}

TEMPA_COMPILED_FUNCTION(unsqueeze);
TEMPA_COMPILED_FUNCTION(squeeze);
TEMPA_COMPILED_FUNCTION(transpose);
TEMPA_COMPILED_FUNCTION(broadcast_to);
TEMPA_COMPILED_FUNCTION(slice);
TEMPA_COMPILED_FUNCTION(cat);
TEMPA_COMPILED_FUNCTION(stack);

}  // namespace tempa::inline TEMPA_ABI
