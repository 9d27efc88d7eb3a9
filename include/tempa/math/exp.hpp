// The exponential and what is made of it: expm1, sigmoid, tanh. The float versions have no branch, table or call, so
// that compilers turn loops over them into vector code; the double versions are the standard library's.
#pragma once

#include <tempa/math/select.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>

namespace tempa::inline TEMPA_ABI::math {

namespace detail {

/// e^x = 2^n (1 + tail), |tail| <= 0.42.
struct SplitExp {
  std::int32_t n;
  float tail;
};

/// Splits x + low, |x| < 2^22 and low small, into n log(2) + r with |r| <= log(2)/2 + |low|; tail = e^r - 1 by a
/// minimax polynomial of degree 6.
TEMPA_HOST_DEVICE inline SplitExp split_exp(float x, float low = 0.0f) {
  constexpr float kRound = 0x1.8p23f;  // adding it leaves the nearest integer in the low bits
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // 10 bits, so that n * high is exact; the rest
  const float shifted = x * 1.44269504f + kRound;
  const float n = shifted - kRound;
  const float r = ((x - n * kLog2High) - n * kLog2Low) + low;
  const float p = (((0.0013901287f * r + 0.008363146f) * r + 0.041666854f) * r + 0.16666578f) * r + 0.5f;
  const std::int32_t integer = std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(kRound);
  return {integer, r + r * r * p};
}

/// 2^n for -126 <= n <= 127.
TEMPA_HOST_DEVICE inline float power_of_two(std::int32_t n) { return std::bit_cast<float>((n + 127) << 23); }

/// 2^n (1 + tail) for -252 <= n <= 254, in two steps, since 2^n itself may be out of range.
TEMPA_HOST_DEVICE inline float join(SplitExp split) {
  const std::int32_t half = split.n >> 1;
  return (1.0f + split.tail) * power_of_two(half) * power_of_two(split.n - half);
}

/// e^(-a^2 / 2) for |a| <= 16. Half of a's digits squared are exact, and the rest is a small correction of the
/// exponent, so that the rounding of a^2 is not magnified.
TEMPA_HOST_DEVICE inline float gaussian(float a) {
  const float high = std::bit_cast<float>(std::bit_cast<std::uint32_t>(a) & 0xfffff000u);
  return join(split_exp(-0.5f * high * high, -0.5f * (a - high) * (a + high)));
}

}  // namespace detail

/// e^x. Float: within 1.5 units in the last place, subnormal results and overflow included. @param x any value.
template <Real T>
TEMPA_HOST_DEVICE inline T exp(T x) {
  if constexpr (std::same_as<T, double>) {
    return std::exp(x);
  } else {
    return detail::join(detail::split_exp(clamp(x, -105.0f, 90.0f)));
  }
}

/// e^x - 1 without cancellation near zero. Float: within 2.5 units in the last place, for x <= 88.
template <Real T>
TEMPA_HOST_DEVICE inline T expm1(T x) {
  if constexpr (std::same_as<T, double>) {
    return std::expm1(x);
  } else {
    const auto split = detail::split_exp(clamp(x, -30.0f, 88.0f));
    const float scale = detail::power_of_two(split.n);
    return scale * split.tail + (scale - 1.0f);
  }
}

/// 1 / (1 + e^-x). Float: within 3 units in the last place.
template <Real T>
TEMPA_HOST_DEVICE inline T sigmoid(T x) {
  const T e = exp(-magnitude(x));
  return select(x < T(0), e, T(1)) / (T(1) + e);
}

/// (e^2x - 1) / (e^2x + 1). Float: within 3 units in the last place.
template <Real T>
TEMPA_HOST_DEVICE inline T tanh(T x) {
  if constexpr (std::same_as<T, double>) {
    return std::tanh(x);
  } else {
    const float e = expm1(2.0f * clamp(x, -10.0f, 10.0f));
    return e / (e + 2.0f);
  }
}

}  // namespace tempa::inline TEMPA_ABI::math
