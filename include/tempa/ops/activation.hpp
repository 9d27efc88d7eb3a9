// Activation functions of one element. Each takes any shape, returns the same, and saves nothing of its own.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = max(x, 0). @source torch.relu
template <Floating T>
Variable<T> relu(const Variable<T>& x);

/// y = x, or slope x below zero. @source torch.nn.functional.leaky_relu
template <Floating T>
Variable<T> leaky_relu(const Variable<T>& x, double slope = 0.01);

/// y = tanh x. @source torch.tanh
template <Floating T>
Variable<T> tanh(const Variable<T>& x);

/// y = 1 / (1 + e^-x). @source torch.sigmoid
template <Floating T>
Variable<T> sigmoid(const Variable<T>& x);

/// y = x / (1 + e^-x), also called swish. @source torch.nn.functional.silu
template <Floating T>
Variable<T> silu(const Variable<T>& x);

/// y = log(1 + e^x). PyTorch replaces it by x above 20, which differs by at most 2.1e-9.
/// @source torch.nn.functional.softplus
template <Floating T>
Variable<T> softplus(const Variable<T>& x);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/activation.ipp>
#endif
