// Logarithms, in float without branches (see exp.hpp).
#pragma once

#include <tempa/math/select.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>

namespace tempa::inline TEMPA_ABI::math {

/// log(x): -infinity at 0, NaN below. Float: within 1.5 units in the last place, subnormal arguments included.
template <Real T>
TEMPA_HOST_DEVICE inline T log(T x) {
  if constexpr (std::same_as<T, double>) {
    return std::log(x);
  } else {
    // x = 2^n (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); log(1 + f) = f - f^2/2 + s (f^2/2 + tail), s = f / (2 + f).
    constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;
    constexpr std::uint32_t kRootHalf = 0x3f3504f3;
    const bool subnormal = x < 0x1p-126f;
    const std::uint32_t bits = std::bit_cast<std::uint32_t>(select(subnormal, x * 0x1p23f, x)) - kRootHalf;
    const float n = static_cast<float>(static_cast<std::int32_t>(bits) >> 23) - select(subnormal, 23.0f, 0.0f);
    const float f = std::bit_cast<float>((bits & 0x7fffff) + kRootHalf) - 1.0f;
    const float s = f / (2.0f + f), z = s * s, half_square = 0.5f * f * f;
    const float tail = 2.0f * z * (((0.11665678f * z + 0.14275391f) * z + 0.20000061f) * z + 0.33333334f);
    const float result = n * kLog2High + (f - (half_square - (s * (half_square + tail) + n * kLog2Low)));
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    const float positive = select(x < kInfinity, result, x);  // infinity and NaN stay what they are
    return select(x > 0.0f, positive, select(x < 0.0f, std::numeric_limits<float>::quiet_NaN(), x - kInfinity));
  }
}

/// log(1 + e) for 0 <= e <= 1, the range that e^-|x| has. Float: within 2.5 units in the last place.
template <Real T>
TEMPA_HOST_DEVICE inline T log1p_unit(T e) {
  if constexpr (std::same_as<T, double>) {
    return std::log1p(e);
  } else {
    const float s = e / (2.0f + e), z = s * s;  // log(1 + e) = 2 atanh(s)
    const float p = ((0.10398292f * z + 0.0873111f) * z + 0.11132476f) * z + 0.14285149f;
    return 2.0f * (s + s * z * ((p * z + 0.20000005f) * z + 0.33333334f));
  }
}

}  // namespace tempa::inline TEMPA_ABI::math
