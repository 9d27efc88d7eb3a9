// The bodies of <tempa/ops/softmax.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>
#include <tempa/ops/mse_loss.hpp>
#include <tempa/ops/softmax.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> softmax(const Variable<T>& x, Index axis) {
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

template <Floating T>
Variable<T> log_softmax(const Variable<T>& x, Index axis) {
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

TEMPA_INSTANTIATE_FUNCTION(softmax);
TEMPA_INSTANTIATE_FUNCTION(log_softmax);

}  // namespace tempa::inline TEMPA_ABI
