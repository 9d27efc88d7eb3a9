// The bodies of <tempa/ops/batch_norm1d.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/batch_norm1d.hpp>
#include <tempa/ops/batch_norm1d.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> batch_norm1d(const Variable<T>& x, const Variable<T>& gamma, const Variable<T>& beta,
                         Tensor<Accumulator<T>> running_mean, Tensor<Accumulator<T>> running_var,
                         Tensor<std::int64_t> num_batches_tracked, bool training, const BatchNorm1dOptions& options) {
  const ProfileScope scope("batch_norm1d", ProfileCategory::kForward);
  if (x.shape().rank() != 2 && x.shape().rank() != 3)
    throw ShapeError(concat("[batch_norm1d] x must have shape (B,C) or (B,C,L) but has ", x.shape()));
  const Index batch = x.size(0), channels = x.size(1), length = x.shape().rank() == 3 ? x.size(2) : 1;
  const bool tracks = !running_mean.empty() || !running_var.empty();
  const auto check = [&](std::string_view name, const auto& tensor) {
    check_shape("batch_norm1d", name, tensor.shape(), {channels});
    check_same_device("batch_norm1d", x, tensor);
  };
  if (gamma.defined()) check("gamma", gamma);
  if (beta.defined()) check("beta", beta);
  if (tracks) check("running_mean", running_mean);
  if (tracks) check("running_var", running_var);
  if (!num_batches_tracked.empty())
    check_shape("batch_norm1d", "num_batches_tracked", num_batches_tracked.shape(), {});
  else if (training && tracks && !options.momentum)
    throw ValueError("[batch_norm1d] momentum nullopt needs num_batches_tracked but it is empty");
  const bool own_statistics = training || !tracks;
  if (own_statistics && batch * length < 2)
    throw ValueError(
        concat("[batch_norm1d] training needs more than one value per channel but x has shape ", x.shape()));

  std::vector<TapeInput> inputs{x};
  if (gamma.defined()) inputs.emplace_back(gamma);
  if (beta.defined()) inputs.emplace_back(beta);
  const Index count = batch * length;
  const double eps = options.eps;
  Tensor<Accumulator<T>> mean = running_mean, variance = running_var;  // (C)
  if (own_statistics) {
    mean = Tensor<Accumulator<T>>(Shape{channels}, x.device());
    variance = Tensor<Accumulator<T>>(Shape{channels}, x.device());
  } else if (records(inputs)) {  // a later training pass must not change what backward reads
    mean = running_mean.clone();
    variance = running_var.clone();
  }
  double factor = options.momentum.value_or(0);
  if (training && tracks && !num_batches_tracked.empty()) {
    const std::int64_t batches = num_batches_tracked.item() + 1;
    num_batches_tracked.fill(batches);
    if (!options.momentum) factor = 1 / static_cast<double>(batches);
  }
  Tensor<T> y(x.shape(), x.device());  // (B,C,L)
  const auto pointer = [](const Variable<T>& parameter) {
    return parameter.defined() ? parameter.value().data() : nullptr;
  };
  on(x.device(), [&](auto backend) {
    if (own_statistics)
      batch_norm_statistics(backend, mean.data(), variance.data(), x.value().data(), batch, channels, length);
    if (training && tracks)
      batch_norm_track(backend, running_mean.data(), running_var.data(), std::as_const(mean).data(),
                       std::as_const(variance).data(), channels, count, factor);
    batch_norm_forward(backend, y.data(), x.value().data(), std::as_const(mean).data(), std::as_const(variance).data(),
                       pointer(gamma), pointer(beta), batch, channels, length, eps);
  });
  count_bytes(x, y);
  return record("batch_norm1d", std::move(y), inputs, [=](const Tensor<T>& dy) {
    const auto gradient = [](const Variable<T>& parameter) {
      return parameter.defined() && parameter.requires_grad() ? parameter.mutable_grad().data() : nullptr;
    };
    Tensor<T> dx = x.requires_grad() ? Tensor<T>(x.shape(), x.device()) : Tensor<T>();  // (B,C,L)
    on(x.device(), [&](auto backend) {
      batch_norm_backward(backend, dx.data(), gradient(gamma), gradient(beta), dy.data(), x.value().data(), mean.data(),
                          variance.data(), pointer(gamma), batch, channels, length, eps, own_statistics);
    });
    count_bytes(dy, x, dx);
    if (x.requires_grad()) x.accumulate_grad(std::move(dx));
  });
}

TEMPA_INSTANTIATE_FUNCTION(batch_norm1d);

}  // namespace tempa::inline TEMPA_ABI
