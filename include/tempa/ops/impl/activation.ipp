// The bodies of <tempa/ops/activation.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/math/activation.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/activation.hpp>
#include <tempa/ops/elementwise.hpp>
#include <tempa/ops/gelu.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> relu(const Variable<T>& x) {
  return elementwise("relu", x, math::Relu{});
}

template <Floating T>
Variable<T> leaky_relu(const Variable<T>& x, double slope) {
  return elementwise("leaky_relu", x, math::LeakyRelu<Accumulator<T>>{static_cast<Accumulator<T>>(slope)});
}

template <Floating T>
Variable<T> tanh(const Variable<T>& x) {
  return elementwise("tanh", x, math::Tanh{});
}

template <Floating T>
Variable<T> sigmoid(const Variable<T>& x) {
  return elementwise("sigmoid", x, math::Sigmoid{});
}

template <Floating T>
Variable<T> silu(const Variable<T>& x) {
  return elementwise("silu", x, math::Silu{});
}

template <Floating T>
Variable<T> softplus(const Variable<T>& x) {
  return elementwise("softplus", x, math::Softplus{});
}

TEMPA_INSTANTIATE_FUNCTION(relu);
TEMPA_INSTANTIATE_FUNCTION(leaky_relu);
TEMPA_INSTANTIATE_FUNCTION(tanh);
TEMPA_INSTANTIATE_FUNCTION(sigmoid);
TEMPA_INSTANTIATE_FUNCTION(silu);
TEMPA_INSTANTIATE_FUNCTION(softplus);

}  // namespace tempa::inline TEMPA_ABI
