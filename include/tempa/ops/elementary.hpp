// Elementary functions of one element. Each takes any shape, returns the same, and saves nothing of its own.
#pragma once

#include <tempa/autograd/variable.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = e^x. @source torch.exp
template <Floating T>
Variable<T> exp(const Variable<T>& x);

/// y = log x, -infinity at 0 and NaN below. @source torch.log
template <Floating T>
Variable<T> log(const Variable<T>& x);

/// y = erf x. @source torch.erf
template <Floating T>
Variable<T> erf(const Variable<T>& x);

/// y = sqrt x, NaN below 0; the derivative at 0 is infinite. @source torch.sqrt
template <Floating T>
Variable<T> sqrt(const Variable<T>& x);

/// y = x^2. @source torch.square
template <Floating T>
Variable<T> square(const Variable<T>& x);

/// y = |x|, with derivative 0 at 0. @source torch.abs
template <Floating T>
Variable<T> abs(const Variable<T>& x);

/// y = -x. @source torch.neg
template <Floating T>
Variable<T> neg(const Variable<T>& x);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/elementary.ipp>
#endif
