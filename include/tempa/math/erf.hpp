// The error function and the normal distribution, in float without branches (see exp.hpp).
#pragma once

#include <tempa/math/exp.hpp>

#include <cmath>
#include <concepts>
#include <numbers>

namespace tempa::inline TEMPA_ABI::math {

namespace detail {

/// e^(a^2) erfc(a) for 0 <= a <= 10.5 by a minimax rational function, relative error 7e-9. Its coefficients are all
/// positive: nothing cancels.
TEMPA_HOST_DEVICE inline float scaled_erfc(float a) {
  const float p = (((0.03313818f * a + 0.23084281f) * a + 0.73500662f) * a + 1.24165343f) * a + 1.0f;
  const float q =
      ((((0.05873525f * a + 0.40918309f) * a + 1.33172085f) * a + 2.40929277f) * a + 2.37003322f) * a + 1.0f;
  return p / q;
}

}  // namespace detail

/// The standard normal distribution at one point.
template <Real T>
struct Normal {
  T cdf;  ///< Phi(x), the probability of a value below x
  T pdf;  ///< phi(x) = e^(-x^2/2) / sqrt(2 pi)
};

/// Phi(x) and phi(x) together. Float: within 7 and 4 units in the last place. @param x any value.
template <Real T>
TEMPA_HOST_DEVICE inline Normal<T> normal(T x) {
  constexpr T kInverseRoot2Pi = std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
  constexpr T kInverseRoot2 = T(1) / std::numbers::sqrt2_v<T>;
  if constexpr (std::same_as<T, double>) {
    return {0.5 * std::erfc(-x * kInverseRoot2), kInverseRoot2Pi * std::exp(-0.5 * x * x)};
  } else {
    const float a = clamp(x, -14.8f, 14.8f), e = detail::gaussian(a);
    const float tail = 0.5f * e * detail::scaled_erfc(magnitude(a) * kInverseRoot2);  // Phi(-|x|)
    return {select(x < 0.0f, tail, 1.0f - tail), kInverseRoot2Pi * e};
  }
}

/// erf(x) = 2/sqrt(pi) int_0^x e^(-t^2) dt. Float: within 3 units in the last place.
template <Real T>
TEMPA_HOST_DEVICE inline T erf(T x) {
  if constexpr (std::same_as<T, double>) {
    return std::erf(x);
  } else {
    const float a = clamp(magnitude(x), 0.0f, 4.0f), z = a * a;
    const float p = (-0.00056314224f * z + 0.0049175513f) * z - 0.026711311f;
    const float near_zero = a * (((p * z + 0.1128018f) * z - 0.37612325f) * z + 1.1283791f);
    const float far_from_zero = 1.0f - exp(-z) * detail::scaled_erfc(a);
    return with_sign(select(a < 1.0f, near_zero, far_from_zero), x);
  }
}

}  // namespace tempa::inline TEMPA_ABI::math
