// Activation functions of one element. Each takes any shape, returns the same, and saves nothing of its own.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/math/activation.hpp>
#include <tempa/ops/elementwise.hpp>
#include <tempa/ops/gelu.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = max(x, 0). @source torch.relu
template <Floating T>
Variable<T> relu(const Variable<T>& x) {
  return elementwise("relu", x, math::Relu{});
}

/// y = x, or slope x below zero. @source torch.nn.functional.leaky_relu
template <Floating T>
Variable<T> leaky_relu(const Variable<T>& x, double slope = 0.01) {
  return elementwise("leaky_relu", x, math::LeakyRelu<Accumulator<T>>{static_cast<Accumulator<T>>(slope)});
}

/// y = tanh x. @source torch.tanh
template <Floating T>
Variable<T> tanh(const Variable<T>& x) {
  return elementwise("tanh", x, math::Tanh{});
}

/// y = 1 / (1 + e^-x). @source torch.sigmoid
template <Floating T>
Variable<T> sigmoid(const Variable<T>& x) {
  return elementwise("sigmoid", x, math::Sigmoid{});
}

/// y = x / (1 + e^-x), also called swish. @source torch.nn.functional.silu
template <Floating T>
Variable<T> silu(const Variable<T>& x) {
  return elementwise("silu", x, math::Silu{});
}

/// y = log(1 + e^x). PyTorch replaces it by x above 20, which differs by at most 2.1e-9.
/// @source torch.nn.functional.softplus
template <Floating T>
Variable<T> softplus(const Variable<T>& x) {
  return elementwise("softplus", x, math::Softplus{});
}

TEMPA_COMPILED_FUNCTION(relu);
TEMPA_COMPILED_FUNCTION(leaky_relu);
TEMPA_COMPILED_FUNCTION(tanh);
TEMPA_COMPILED_FUNCTION(sigmoid);
TEMPA_COMPILED_FUNCTION(silu);
TEMPA_COMPILED_FUNCTION(softplus);

}  // namespace tempa::inline TEMPA_ABI
