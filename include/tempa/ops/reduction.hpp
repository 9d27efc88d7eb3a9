// Sums, means, variances and maxima, over everything or along one axis.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/elementary.hpp>

#include <cstdint>
#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The shape after a reduction along the axis.
inline Shape reduced_shape(const Shape& shape, Index axis, bool keepdim) {
  return keepdim ? shape.with(axis, 1) : shape.without(axis);
}

/// scale times the sum over the middle of `split`, as `shape`.
template <Floating T>
Variable<T> scaled_sum(const char* op, const Variable<T>& x, const AxisSplit& split, const Shape& shape,
                       Accumulator<T> scale) {
  const ProfileScope scope(op, ProfileCategory::kForward);
  const Index outer = split.outer, middle = split.middle, inner = split.inner;
  Tensor<T> y(shape, x.device());  // (outer,inner)
  count_bytes(x, y);
  on(x.device(), [&](auto backend) { sum_forward(backend, y.data(), x.value().data(), outer, middle, inner, scale); });
  return record(op, std::move(y), {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(x.shape(), x.device());  // (outer,middle,inner)
    count_bytes(dy, dx);
    on(x.device(), [&](auto backend) { sum_backward(backend, dx.data(), dy.data(), outer, middle, inner, scale); });
    x.accumulate_grad(std::move(dx));
  });
}

}  // namespace detail

/// The sum of all elements. @param x any shape. @return a scalar (). @source torch.sum
template <Floating T>
Variable<T> sum(const Variable<T>& x) {
  return detail::scaled_sum("sum", x, {.axis = 0, .middle = x.numel()}, Shape{}, Accumulator<T>(1));
}
/// The sum along `axis`, which may be negative. @return the shape of x without the axis, or with size 1 there.
/// @throws ShapeError. @source torch.sum
template <Floating T>
Variable<T> sum(const Variable<T>& x, Index axis, bool keepdim = false) {
  const auto split = detail::split_at("sum", x.shape(), axis);
  return detail::scaled_sum("sum", x, split, detail::reduced_shape(x.shape(), axis, keepdim), Accumulator<T>(1));
}

/// The mean of all elements; NaN when there are none. @return a scalar (). @source torch.mean
template <Floating T>
Variable<T> mean(const Variable<T>& x) {
  return detail::scaled_sum("mean", x, {.axis = 0, .middle = x.numel()}, Shape{},
                            Accumulator<T>(1) / static_cast<Accumulator<T>>(x.numel()));
}
/// The mean along `axis`, which may be negative. @return the shape of x without the axis, or with size 1 there.
/// @throws ShapeError. @source torch.mean
template <Floating T>
Variable<T> mean(const Variable<T>& x, Index axis, bool keepdim = false) {
  const auto split = detail::split_at("mean", x.shape(), axis);
  return detail::scaled_sum("mean", x, split, detail::reduced_shape(x.shape(), axis, keepdim),
                            Accumulator<T>(1) / static_cast<Accumulator<T>>(split.middle));
}

/// sum (x - mean)^2 / (n - correction) along `axis`, in two passes. @param correction 1 for Bessel's, 0 for none.
/// @return the shape of x without the axis, or with size 1 there. @saves x - mean, of float for a 16-bit x.
/// @throws ShapeError. @source torch.var
template <Floating T>
Variable<T> variance(const Variable<T>& x, Index axis, Index correction = 1, bool keepdim = false) {
  if constexpr (!Real<T>) {
    return cast<T>(variance(cast<Accumulator<T>>(x), axis, correction, keepdim));
  } else {
    const ProfileScope scope("variance", ProfileCategory::kForward);
    const auto split = detail::split_at("variance", x.shape(), axis);
    const T scale = T(1) / static_cast<T>(split.middle - correction);
    const Variable<T> source = x.detach();
    const Variable<T> centred = sub(source, mean(source, axis, true));
    const Shape kept = x.shape().with(axis, 1);
    Variable<T> y =
        detail::scaled_sum("variance", square(centred), split, keepdim ? kept : x.shape().without(axis), scale);
    return record("variance", y.value(), {x}, [=](const Tensor<T>& dy) {  // the derivative of the mean cancels out
      x.accumulate_grad(mul(centred, mul(Variable<T>(dy.reshape(kept)), 2.0 * static_cast<double>(scale))).value());
    });
  }
}

namespace detail {

template <Floating T>
Variable<T> max_over(const Variable<T>& x, const AxisSplit& split, const Shape& shape) {
  const ProfileScope scope("max", ProfileCategory::kForward);
  if (split.middle == 0) throw ShapeError(concat("[max] expected at least one element but has shape ", x.shape()));
  const Index outer = split.outer, middle = split.middle, inner = split.inner;
  Tensor<T> y(shape, x.device());          // (outer,inner)
  Tensor<Index> where(shape, x.device());  // (outer,inner)
  count_bytes(x, y, where);
  on(x.device(),
     [&](auto backend) { max_forward(backend, y.data(), where.data(), x.value().data(), outer, middle, inner); });
  return record("max", std::move(y), {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(x.shape(), x.device());  // (outer,middle,inner)
    count_bytes(dy, where, dx);
    on(x.device(),
       [&](auto backend) { max_backward(backend, dx.data(), dy.data(), where.data(), outer, middle, inner); });
    x.accumulate_grad(std::move(dx));
  });
}

}  // namespace detail

/// The largest element, NaN if there is one; the first of equal ones gets the gradient. @return a scalar ().
/// @saves its index. @throws ShapeError when there is no element. @source torch.max
template <Floating T>
Variable<T> max(const Variable<T>& x) {
  return detail::max_over(x, {.axis = 0, .middle = x.numel()}, Shape{});
}
/// The largest element along `axis`, NaN if there is one; the first of equal ones gets the gradient.
/// @return the shape of x without the axis, or with size 1 there. @saves the indices, 8 bytes for each result.
/// @throws ShapeError. @source torch.max
template <Floating T>
Variable<T> max(const Variable<T>& x, Index axis, bool keepdim = false) {
  const auto split = detail::split_at("max", x.shape(), axis);
  return detail::max_over(x, split, detail::reduced_shape(x.shape(), axis, keepdim));
}

/// The index of the (first) largest element along `axis`. @return int64, the shape of x without the axis.
/// @throws ShapeError. @source torch.argmax
template <Floating T>
Tensor<std::int64_t> argmax(const Tensor<T>& x, Index axis = -1) {
  const auto split = detail::split_at("argmax", x.shape(), axis);
  if (split.middle == 0) throw ShapeError(concat("[argmax] expected at least one element but has shape ", x.shape()));
  const Shape shape = x.shape().without(axis);
  Tensor<T> largest(shape, x.device());
  Tensor<std::int64_t> where(shape, x.device());
  on(x.device(), [&](auto backend) {
    max_forward(backend, largest.data(), where.data(), x.data(), split.outer, split.middle, split.inner);
  });
  return where;
}

TEMPA_COMPILED_FUNCTION(detail::scaled_sum);
TEMPA_COMPILED_FUNCTION(variance);
TEMPA_COMPILED_FUNCTION(detail::max_over);
TEMPA_COMPILED_FUNCTION(argmax);

}  // namespace tempa::inline TEMPA_ABI
