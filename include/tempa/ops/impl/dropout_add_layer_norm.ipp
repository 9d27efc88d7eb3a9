// The bodies of <tempa/ops/dropout_add_layer_norm.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/layer_norm_fused.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/dropout.hpp>
#include <tempa/ops/dropout_add_layer_norm.hpp>
#include <tempa/tensor/profile_scope.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> dropout_add_layer_norm(const Variable<T>& x, const Variable<T>& residual, const Variable<T>& gamma,
                                   const Variable<T>& beta, const DropoutAddLayerNormOptions& options) {
  constexpr const char* kOp = "dropout_add_layer_norm";
  const ProfileScope scope(kOp, ProfileCategory::kForward);
  const Index rows = x.shape().flatten_to_2d().first, cols = x.shape().flatten_to_2d().second;
  check_shape(kOp, "residual", residual.shape(), x.shape());
  check_shape(kOp, "gamma", gamma.shape(), {cols});
  check_shape(kOp, "beta", beta.shape(), {cols});
  check_same_device(kOp, x, residual, gamma, beta);
  detail::check_drop_prob(kOp, options.drop_prob);
  const double drop_prob = options.drop_prob;
  RandomStream stream;
  if (drop_prob > 0)
    stream = (options.generator != nullptr ? *options.generator : default_generator()).reserve(x.numel());
  Tensor<T> y(x.shape(), x.device());                                                        // (rows,cols)
  Tensor<T> z = records({x, residual, gamma, beta}) ? Tensor<T>(x.shape(), x.device()) : y;  // (rows,cols)
  Tensor<Accumulator<T>> mean(Shape{rows}, x.device()), rstd(Shape{rows}, x.device());       // (rows)
  on(x.device(), [&](auto backend) {
    dropout_add_layer_norm_forward(backend, y.data(), z.data(), mean.data(), rstd.data(), x.value().data(),
                                   residual.value().data(), gamma.value().data(), beta.value().data(), rows, cols,
                                   static_cast<Accumulator<T>>(options.eps), drop_prob, stream);
  });
  count_bytes(x, residual, y);
  return record(kOp, std::move(y), {x, residual, gamma, beta}, [=](const Tensor<T>& dy) {
    Tensor<T> dresidual(x.shape(), x.device());                                   // (rows,cols)
    Tensor<T> dx = drop_prob > 0 ? Tensor<T>(x.shape(), x.device()) : dresidual;  // (rows,cols)
    on(x.device(), [&](auto backend) {
      dropout_add_layer_norm_backward(backend, dx.data(), dresidual.data(),
                                      gamma.requires_grad() ? gamma.mutable_grad().data() : nullptr,
                                      beta.requires_grad() ? beta.mutable_grad().data() : nullptr, dy.data(), z.data(),
                                      gamma.value().data(), mean.data(), rstd.data(), rows, cols, drop_prob, stream);
    });
    count_bytes(dy, z, dx, dresidual);
    if (x.requires_grad()) x.accumulate_grad(std::move(dx));
    if (residual.requires_grad()) residual.accumulate_grad(std::move(dresidual));
  });
}

TEMPA_INSTANTIATE_FUNCTION(dropout_add_layer_norm);

}  // namespace tempa::inline TEMPA_ABI
