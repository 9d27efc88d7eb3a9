// The bodies of <tempa/ops/shape.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/matmul.hpp>
#include <tempa/ops/shape.hpp>

namespace tempa::inline TEMPA_ABI {

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

template <Floating T>
Variable<T> squeeze(const Variable<T>& x, Index axis) {
  if (detail::split_at("squeeze", x.shape(), axis).middle != 1)
    throw ShapeError(concat("[squeeze] axis ", axis, " must have size 1 but the shape is ", x.shape()));
  return reshape(x, x.shape().without(axis));
}

template <Floating T>
Variable<T> transpose(const Variable<T>& x, Index first, Index second) {
  std::vector<Index> axes;
  for (Index i = 0; i < x.shape().rank(); ++i) axes.push_back(i);
  std::swap(axes[static_cast<std::size_t>(detail::split_at("transpose", x.shape(), first).axis)],
            axes[static_cast<std::size_t>(detail::split_at("transpose", x.shape(), second).axis)]);
  return permute(x, axes);
}

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

template <Floating T>
Variable<T> stack(const std::vector<Variable<T>>& parts, Index axis) {
  std::vector<Variable<T>> layers;
  for (const auto& part : parts) {
    check_shape("stack", "every tensor", part.shape(), parts[0].shape());
    layers.push_back(unsqueeze(part, axis));
  }
  return cat(std::move(layers), axis);
}

TEMPA_INSTANTIATE_FUNCTION(unsqueeze);
TEMPA_INSTANTIATE_FUNCTION(squeeze);
TEMPA_INSTANTIATE_FUNCTION(transpose);
TEMPA_INSTANTIATE_FUNCTION(broadcast_to);
TEMPA_INSTANTIATE_FUNCTION(slice);
TEMPA_INSTANTIATE_FUNCTION(cat);
TEMPA_INSTANTIATE_FUNCTION(stack);

}  // namespace tempa::inline TEMPA_ABI
