// Choices without branches. Compilers thread the jumps of `c ? a : b` through the arithmetic after it and then cannot
// turn the loop into vector code; a choice by a mask of bits they leave alone.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/host_device.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace tempa::inline TEMPA_ABI::math {

/// `condition ? a : b` with both computed.
template <Real T>
TEMPA_HOST_DEVICE inline T select(bool condition, T a, T b) {
  using Bits = std::conditional_t<std::same_as<T, float>, std::uint32_t, std::uint64_t>;
  const Bits mask = Bits{0} - static_cast<Bits>(condition);
  return std::bit_cast<T>((std::bit_cast<Bits>(a) & mask) | (std::bit_cast<Bits>(b) & ~mask));
}

/// `x` limited to [low, high]; a NaN stays one.
template <Real T>
TEMPA_HOST_DEVICE inline T clamp(T x, T low, T high) {
  const T above = select(x < low, low, x);
  return select(above > high, high, above);
}

/// |x|
template <Real T>
TEMPA_HOST_DEVICE inline T magnitude(T x) {
  using Bits = std::conditional_t<std::same_as<T, float>, std::uint32_t, std::uint64_t>;
  return std::bit_cast<T>(std::bit_cast<Bits>(x) & (~Bits{0} >> 1));
}

/// |x| with the sign of `sign`.
template <Real T>
TEMPA_HOST_DEVICE inline T with_sign(T x, T sign) {
  using Bits = std::conditional_t<std::same_as<T, float>, std::uint32_t, std::uint64_t>;
  constexpr Bits kMagnitude = ~Bits{0} >> 1;
  return std::bit_cast<T>((std::bit_cast<Bits>(x) & kMagnitude) | (std::bit_cast<Bits>(sign) & ~kMagnitude));
}

}  // namespace tempa::inline TEMPA_ABI::math
