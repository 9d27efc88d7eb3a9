// The Gaussian error linear unit, exact and approximated.
#pragma once

#include <tempa/math/erf.hpp>
#include <tempa/math/formula.hpp>

#include <numbers>

namespace tempa::inline TEMPA_ABI::math {

/// x Phi(x), Phi the standard normal distribution.
struct Gelu {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  /// Beyond this Phi(x) or phi(x) is zero even in double; -infinity times that zero must not become NaN.
  static constexpr double kFar = 40;

  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return select(x < T(-kFar), T(-kFar), x) * normal(x).cdf;
  }
  /// Phi(x) + x phi(x)
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    const Normal<T> at = normal(x);
    return at.cdf + clamp(x, T(-kFar), T(kFar)) * at.pdf;
  }
};

/// x/2 (1 + tanh u) = x sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x^3).
struct GeluTanh {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  /// Beyond this the sigmoid is 0 or 1 even in double.
  static constexpr double kFar = 40;

  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    const T a = clamp(x, T(-kFar), T(kFar));
    return select(x > a, x, a) * sigmoid(doubled_u(a));
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    const T a = clamp(x, T(-kFar), T(kFar)), s = sigmoid(doubled_u(a));
    return s + a * s * (T(1) - s) * T(2) * root<T>() * (T(1) + T(3 * kCubic) * a * a);
  }

 private:
  static constexpr double kCubic = 0.044715;

  template <Real T>
  TEMPA_HOST_DEVICE static constexpr T root() {
    return std::numbers::sqrt2_v<T> * std::numbers::inv_sqrtpi_v<T>;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T doubled_u(T a) {
    return T(2) * root<T>() * (a + T(kCubic) * a * a * a);
  }
};

}  // namespace tempa::inline TEMPA_ABI::math
