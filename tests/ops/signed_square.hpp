// A formula that the library does not have.
#pragma once

#include <tempa/math/formula.hpp>
#include <tempa/math/select.hpp>

/// An own activation: x |x|.
struct SignedSquare {
  static constexpr tempa::math::Derivative kDerivative = tempa::math::Derivative::kOfInput;
  template <tempa::Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return x * tempa::math::magnitude(x);
  }
  template <tempa::Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return T(2) * tempa::math::magnitude(x);
  }
};
