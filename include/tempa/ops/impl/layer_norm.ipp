// The bodies of <tempa/ops/layer_norm.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/layer_norm.hpp>
#include <tempa/ops/layer_norm.hpp>
#include <tempa/tensor/profile_scope.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> layer_norm(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta, double eps) {
  const ProfileScope scope("layer_norm", ProfileCategory::kForward);
  const Index rows = x.shape().flatten_to_2d().first, cols = x.shape().flatten_to_2d().second;
  check_shape("layer_norm", "gamma", gamma.shape(), {cols});
  check_shape("layer_norm", "beta", beta.shape(), {cols});
  check_same_device("layer_norm", x, gamma, beta);
  Tensor<T> y(x.shape(), x.device());                                                   // (rows,cols)
  Tensor<Accumulator<T>> mean(Shape{rows}, x.device()), rstd(Shape{rows}, x.device());  // (rows)
  on(x.device(), [&](auto backend) {
    layer_norm_forward(backend, y.data(), mean.data(), rstd.data(), x.value().data(), gamma.value().data(),
                       beta.value().data(), rows, cols, static_cast<Accumulator<T>>(eps));
  });
  count_bytes(x, y);
  return record("layer_norm", std::move(y), {x, gamma, beta}, [=](const Tensor<T>& dy) {
    Tensor<T> dx = x.requires_grad() ? Tensor<T>(x.shape(), x.device()) : Tensor<T>();  // (rows,cols)
    on(x.device(), [&](auto backend) {
      layer_norm_backward(backend, dx.data(), gamma.requires_grad() ? gamma.mutable_grad().data() : nullptr,
                          beta.requires_grad() ? beta.mutable_grad().data() : nullptr, dy.data(), x.value().data(),
                          gamma.value().data(), mean.data(), rstd.data(), rows, cols);
    });
    count_bytes(dy, x, dx);
    if (x.requires_grad()) x.accumulate_grad(std::move(dx));
  });
}

TEMPA_INSTANTIATE_FUNCTION(layer_norm);

}  // namespace tempa::inline TEMPA_ABI
