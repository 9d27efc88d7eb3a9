// Elementary functions of one number, and arithmetic with a constant.
#pragma once

#include <tempa/math/erf.hpp>
#include <tempa/math/formula.hpp>
#include <tempa/math/log.hpp>

#include <cmath>
#include <numbers>

namespace tempa::inline TEMPA_ABI::math {

/// e^x
struct Exp {
  static constexpr Derivative kDerivative = Derivative::kOfOutput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return exp(x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T y) {
    return y;
  }
};

/// log x
struct Log {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return log(x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return T(1) / x;
  }
};

/// erf x
struct Erf {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return erf(x);
  }
  /// 2/sqrt(pi) e^(-x^2)
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return T(2) * std::numbers::inv_sqrtpi_v<T> * exp(-x * x);
  }
};

/// sqrt x
struct Sqrt {
  static constexpr Derivative kDerivative = Derivative::kOfOutput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return std::sqrt(x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T y) {
    return T(0.5) / y;
  }
};

/// x^2
struct Square {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return x * x;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return T(2) * x;
  }
};

/// |x|; its derivative at 0 is 0.
struct Abs {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return magnitude(x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return select(x == T(0), T(0), with_sign(T(1), x));
  }
};

/// x + c
template <Real U>
struct AddConstant {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U c;
  TEMPA_HOST_DEVICE U f(U x) const { return x + c; }
  TEMPA_HOST_DEVICE U df(U) const { return U(1); }
};

/// c - x
template <Real U>
struct SubtractFromConstant {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U c;
  TEMPA_HOST_DEVICE U f(U x) const { return c - x; }
  TEMPA_HOST_DEVICE U df(U) const { return U(-1); }
};

/// c x
template <Real U>
struct MultiplyByConstant {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U c;
  TEMPA_HOST_DEVICE U f(U x) const { return c * x; }
  TEMPA_HOST_DEVICE U df(U) const { return c; }
};

/// x / c
template <Real U>
struct DivideByConstant {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U c;
  TEMPA_HOST_DEVICE U f(U x) const { return x / c; }
  TEMPA_HOST_DEVICE U df(U) const { return U(1) / c; }
};

/// c / x
template <Real U>
struct DivideConstant {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U c;
  TEMPA_HOST_DEVICE U f(U x) const { return c / x; }
  TEMPA_HOST_DEVICE U df(U x) const { return -c / (x * x); }
};

}  // namespace tempa::inline TEMPA_ABI::math
