// The bodies of <tempa/ops/gelu.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/math/gelu.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/elementwise.hpp>
#include <tempa/ops/gelu.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> gelu(const Variable<T>& x) {
  return elementwise("gelu", x, math::Gelu{});
}

template <Floating T>
Variable<T> gelu_tanh(const Variable<T>& x) {
  return elementwise("gelu_tanh", x, math::GeluTanh{});
}

TEMPA_INSTANTIATE_FUNCTION(gelu);
TEMPA_INSTANTIATE_FUNCTION(gelu_tanh);

}  // namespace tempa::inline TEMPA_ABI
