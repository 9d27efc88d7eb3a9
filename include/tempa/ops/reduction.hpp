// Sums, means, variances and maxima, over everything or along one axis.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The shape after a reduction along the axis.
Shape reduced_shape(const Shape& shape, Index axis, bool keepdim);

/// scale times the sum over the middle of `split`, as `shape`.
template <Floating T>
Variable<T> scaled_sum(const char* op, const Variable<T>& x, const AxisSplit& split, const Shape& shape,
                       Accumulator<T> scale);

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
Variable<T> variance(const Variable<T>& x, Index axis, Index correction = 1, bool keepdim = false);

namespace detail {

template <Floating T>
Variable<T> max_over(const Variable<T>& x, const AxisSplit& split, const Shape& shape);

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
Tensor<std::int64_t> argmax(const Tensor<T>& x, Index axis = -1);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/reduction.ipp>
#endif
