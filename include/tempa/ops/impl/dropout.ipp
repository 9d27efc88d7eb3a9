// The bodies of <tempa/ops/dropout.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/dropout.hpp>
#include <tempa/ops/dropout.hpp>
#include <tempa/tensor/profile_scope.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE void check_drop_prob(std::string_view op, double drop_prob) {
  if (!(drop_prob >= 0 && drop_prob <= 1))
    throw ValueError(concat("[", op, "] drop_prob must be in [0,1] but is ", drop_prob));
}

}  // namespace detail

template <Floating T>
Variable<T> dropout(const Variable<T>& x, double drop_prob, Generator& generator) {
  const ProfileScope scope("dropout", ProfileCategory::kForward);
  detail::check_drop_prob("dropout", drop_prob);
  if (drop_prob == 0) return x;
  const Index n = x.numel();
  const RandomStream stream = generator.reserve(n);
  Tensor<T> y(x.shape(), x.device());  // x's shape
  count_bytes(x, y);
  on(x.device(), [&](auto backend) { dropout_apply(backend, y.data(), x.value().data(), n, drop_prob, stream); });
  return record("dropout", std::move(y), {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(x.shape(), x.device());  // x's shape
    count_bytes(dy, dx);
    on(x.device(), [&](auto backend) { dropout_apply(backend, dx.data(), dy.data(), n, drop_prob, stream); });
    x.accumulate_grad(std::move(dx));
  });
}

TEMPA_INSTANTIATE_FUNCTION(dropout);

}  // namespace tempa::inline TEMPA_ABI
