// Softmax and its logarithm along any axis.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

/// y_i = e^(x_i) / sum_j e^(x_j) along `axis`, computed after subtracting the largest x. The last axis is the fastest.
/// @param x any shape of rank 1 or more. @param axis may be negative.
/// @return y, the shape of x
/// @saves y.
/// @throws ShapeError for an axis outside of the shape.
/// @source torch.softmax
template <Floating T>
Variable<T> softmax(const Variable<T>& x, Index axis = -1) {
  const ProfileScope scope("softmax", ProfileCategory::kForward);
  const auto split = detail::split_at("softmax", x.shape(), axis);
  Tensor<T> y(x.shape(), x.device());  // (outer,middle,inner)
  count_bytes(x, y);
  on(x.device(), [&](auto backend) {
    softmax_forward(backend, y.data(), x.value().data(), split.outer, split.middle, split.inner);
  });
  return record("softmax", y, {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(dy.shape(), dy.device());  // (outer,middle,inner)
    count_bytes(dy, y, dx);
    on(dy.device(), [&](auto backend) {
      softmax_backward(backend, dx.data(), dy.data(), y.data(), split.outer, split.middle, split.inner);
    });
    x.accumulate_grad(std::move(dx));
  });
}

/// y_i = x_i - log sum_j e^(x_j) along `axis`, exact where softmax itself is too small for a float.
/// @param x any shape of rank 1 or more. @param axis may be negative.
/// @return y, the shape of x
/// @saves y.
/// @throws ShapeError for an axis outside of the shape.
/// @source torch.log_softmax
template <Floating T>
Variable<T> log_softmax(const Variable<T>& x, Index axis = -1) {
  const ProfileScope scope("log_softmax", ProfileCategory::kForward);
  const auto split = detail::split_at("log_softmax", x.shape(), axis);
  Tensor<T> y(x.shape(), x.device());  // (outer,middle,inner)
  count_bytes(x, y);
  on(x.device(), [&](auto backend) {
    log_softmax_forward(backend, y.data(), x.value().data(), split.outer, split.middle, split.inner);
  });
  return record("log_softmax", y, {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(dy.shape(), dy.device());  // (outer,middle,inner)
    count_bytes(dy, y, dx);
    on(dy.device(), [&](auto backend) {
      log_softmax_backward(backend, dx.data(), dy.data(), y.data(), split.outer, split.middle, split.inner);
    });
    x.accumulate_grad(std::move(dx));
  });
}

TEMPA_COMPILED_FUNCTION(softmax);
TEMPA_COMPILED_FUNCTION(log_softmax);

}  // namespace tempa::inline TEMPA_ABI
