// The bodies of <tempa/ops/cast.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/simd/convert.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <concepts>
#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating U, Floating T>
Variable<U> cast(const Variable<T>& x) {
  if constexpr (std::same_as<T, U>) {
    return x;
  } else {
    const ProfileScope scope("cast", ProfileCategory::kForward);
    Tensor<U> y(x.shape(), x.device());  // x's shape
    count_bytes(x, y);
    on(x.device(), [&](auto backend) { convert(backend, y.data(), x.value().data(), y.numel()); });
    return record("cast", std::move(y), {x}, [=](const Tensor<U>& dy) {
      Tensor<T> dx(dy.shape(), dy.device());  // x's shape
      count_bytes(dy, dx);
      on(dy.device(), [&](auto backend) { convert(backend, dx.data(), dy.data(), dx.numel()); });
      x.accumulate_grad(std::move(dx));
    });
  }
}

TEMPA_INSTANTIATE_FUNCTION(cast, float);
TEMPA_INSTANTIATE_FUNCTION(cast, double);
TEMPA_INSTANTIATE_FUNCTION(cast, bfloat16);
TEMPA_INSTANTIATE_FUNCTION(cast, float16);

}  // namespace tempa::inline TEMPA_ABI
