// The Gaussian error linear unit.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = x Phi(x) = x/2 (1 + erf(x / sqrt 2)), BERT's "gelu".
/// @param x any shape. @return y, the shape of x. @saves nothing of its own.
/// @source Hendrycks and Gimpel 2016; torch.nn.functional.gelu
template <Floating T>
Variable<T> gelu(const Variable<T>& x);

/// y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), "gelu_new" and "gelu_pytorch_tanh".
/// @param x any shape. @return y, the shape of x. @saves nothing of its own.
/// @source torch.nn.functional.gelu(approximate="tanh")
template <Floating T>
Variable<T> gelu_tanh(const Variable<T>& x);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/gelu.ipp>
#endif
