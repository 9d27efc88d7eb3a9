// The bodies of <tempa/ops/reduction.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/elementary.hpp>
#include <tempa/ops/reduction.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE Shape reduced_shape(const Shape& shape, Index axis, bool keepdim) {
  return keepdim ? shape.with(axis, 1) : shape.without(axis);
}

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

template <Floating T>
Variable<T> variance(const Variable<T>& x, Index axis, Index correction, bool keepdim) {
  if constexpr (!Real<T>) {
    return cast<T>(variance(cast<Accumulator<T>>(x), axis, correction, keepdim));
  } else {
    const ProfileScope scope("variance", ProfileCategory::kForward);
    const auto split = detail::split_at("variance", x.shape(), axis);
    const T scale = T(1) / static_cast<T>(split.middle - correction);
    const Variable<T> source = x.detach();
    const Variable<T> centered = sub(source, mean(source, axis, true));
    const Shape kept = x.shape().with(axis, 1);
    Variable<T> y =
        detail::scaled_sum("variance", square(centered), split, keepdim ? kept : x.shape().without(axis), scale);
    return record("variance", y.value(), {x}, [=](const Tensor<T>& dy) {  // the derivative of the mean cancels out
      x.accumulate_grad(mul(centered, mul(Variable<T>(dy.reshape(kept)), 2.0 * static_cast<double>(scale))).value());
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

template <Floating T>
Tensor<std::int64_t> argmax(const Tensor<T>& x, Index axis) {
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

TEMPA_INSTANTIATE_FUNCTION(detail::scaled_sum);
TEMPA_INSTANTIATE_FUNCTION(variance);
TEMPA_INSTANTIATE_FUNCTION(detail::max_over);
TEMPA_INSTANTIATE_FUNCTION(argmax);

}  // namespace tempa::inline TEMPA_ABI
