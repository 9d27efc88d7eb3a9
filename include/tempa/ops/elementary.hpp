// Elementary functions of one element. Each takes any shape, returns the same, and saves nothing of its own.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/math/elementary.hpp>
#include <tempa/ops/elementwise.hpp>

namespace tempa::inline TEMPA_ABI {

/// y = e^x. @source torch.exp
template <Floating T>
Variable<T> exp(const Variable<T>& x) {
  return elementwise("exp", x, math::Exp{});
}

/// y = log x, -infinity at 0 and NaN below. @source torch.log
template <Floating T>
Variable<T> log(const Variable<T>& x) {
  return elementwise("log", x, math::Log{});
}

/// y = erf x. @source torch.erf
template <Floating T>
Variable<T> erf(const Variable<T>& x) {
  return elementwise("erf", x, math::Erf{});
}

/// y = sqrt x, NaN below 0; the derivative at 0 is infinite. @source torch.sqrt
template <Floating T>
Variable<T> sqrt(const Variable<T>& x) {
  return elementwise("sqrt", x, math::Sqrt{});
}

/// y = x^2. @source torch.square
template <Floating T>
Variable<T> square(const Variable<T>& x) {
  return elementwise("square", x, math::Square{});
}

/// y = |x|, with derivative 0 at 0. @source torch.abs
template <Floating T>
Variable<T> abs(const Variable<T>& x) {
  return elementwise("abs", x, math::Abs{});
}

/// y = -x. @source torch.neg
template <Floating T>
Variable<T> neg(const Variable<T>& x) {
  return elementwise("neg", x, math::MultiplyByConstant<Accumulator<T>>{Accumulator<T>(-1)});
}

TEMPA_COMPILED_FUNCTION(exp);
TEMPA_COMPILED_FUNCTION(log);
TEMPA_COMPILED_FUNCTION(erf);
TEMPA_COMPILED_FUNCTION(sqrt);
TEMPA_COMPILED_FUNCTION(square);
TEMPA_COMPILED_FUNCTION(abs);
TEMPA_COMPILED_FUNCTION(neg);

}  // namespace tempa::inline TEMPA_ABI
