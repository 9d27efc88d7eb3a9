// The bodies of <tempa/ops/elementary.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/math/elementary.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/elementary.hpp>
#include <tempa/ops/elementwise.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> exp(const Variable<T>& x) {
  return elementwise("exp", x, math::Exp{});
}

template <Floating T>
Variable<T> log(const Variable<T>& x) {
  return elementwise("log", x, math::Log{});
}

template <Floating T>
Variable<T> erf(const Variable<T>& x) {
  return elementwise("erf", x, math::Erf{});
}

template <Floating T>
Variable<T> sqrt(const Variable<T>& x) {
  return elementwise("sqrt", x, math::Sqrt{});
}

template <Floating T>
Variable<T> square(const Variable<T>& x) {
  return elementwise("square", x, math::Square{});
}

template <Floating T>
Variable<T> abs(const Variable<T>& x) {
  return elementwise("abs", x, math::Abs{});
}

template <Floating T>
Variable<T> neg(const Variable<T>& x) {
  return elementwise("neg", x, math::MultiplyByConstant<Accumulator<T>>{Accumulator<T>(-1)});
}

TEMPA_INSTANTIATE_FUNCTION(exp);
TEMPA_INSTANTIATE_FUNCTION(log);
TEMPA_INSTANTIATE_FUNCTION(erf);
TEMPA_INSTANTIATE_FUNCTION(sqrt);
TEMPA_INSTANTIATE_FUNCTION(square);
TEMPA_INSTANTIATE_FUNCTION(abs);
TEMPA_INSTANTIATE_FUNCTION(neg);

}  // namespace tempa::inline TEMPA_ABI
