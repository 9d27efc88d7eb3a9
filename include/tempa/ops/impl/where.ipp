// The bodies of <tempa/ops/where.hpp>.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/copy.hpp>
#include <tempa/cpu/where.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>
#include <tempa/ops/where.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// The elements of `x` repeated to `shape`; x itself when it has that shape.
template <Element T>
Tensor<T> repeated(const Tensor<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  Tensor<T> y(shape, x.device());
  on(x.device(),
     [&](auto backend) { copy_nest(backend, y.data(), x.data(), broadcast_nest(shape, x.shape()), y.numel()); });
  return y;
}

}  // namespace detail

template <Floating T>
Variable<T> where(const Tensor<std::uint8_t>& mask, const Variable<T>& a, const Variable<T>& b) {
  const ProfileScope scope("where", ProfileCategory::kForward);
  const Shape shape = broadcast_shape("where", mask.shape(), broadcast_shape("where", a.shape(), b.shape()));
  check_same_device("where", mask, a, b);
  const auto full_mask = detail::repeated(mask, shape);
  const auto left = detail::repeated(a.value(), shape), right = detail::repeated(b.value(), shape);
  Tensor<T> y(shape, a.device());
  on(a.device(),
     [&](auto backend) { where_forward(backend, y.data(), full_mask.data(), left.data(), right.data(), y.numel()); });
  count_bytes(full_mask, left, right, y);
  return record("where", std::move(y), {a, b}, [=](const Tensor<T>& dy) {
    Tensor<T> da, db;
    if (a.requires_grad()) da = Tensor<T>(shape, dy.device());
    if (b.requires_grad()) db = Tensor<T>(shape, dy.device());
    count_bytes(dy, full_mask, da, db);
    on(dy.device(),
       [&](auto backend) { where_backward(backend, da.data(), db.data(), dy.data(), full_mask.data(), dy.numel()); });
    if (a.requires_grad()) a.accumulate_grad(detail::sum_to_shape(std::move(da), a.shape()));
    if (b.requires_grad()) b.accumulate_grad(detail::sum_to_shape(std::move(db), b.shape()));
  });
}

template <Floating T>
Variable<T> masked_fill(const Variable<T>& x, const Tensor<std::uint8_t>& mask, double value) {
  if (!(broadcast_shape("masked_fill", mask.shape(), x.shape()) == x.shape()))
    throw ShapeError(concat("[masked_fill] mask ", mask.shape(), " does not broadcast to x ", x.shape()));
  return where(mask, Variable<T>(Tensor<T>::full(Shape{}, element_cast<T>(value), x.device())), x);
}

TEMPA_INSTANTIATE_FUNCTION(where);
TEMPA_INSTANTIATE_FUNCTION(masked_fill);

}  // namespace tempa::inline TEMPA_ABI
