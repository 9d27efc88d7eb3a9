// The element types of tensors: the 16-bit floats, and the names of all types.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/host_device.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tempa::inline TEMPA_ABI {

namespace detail {
/// `condition ? a : b` by a mask, which compilers turn into vector code in every loop.
TEMPA_HOST_DEVICE inline std::uint32_t choose(bool condition, std::uint32_t a, std::uint32_t b) {
  const std::uint32_t mask = 0u - static_cast<std::uint32_t>(condition);
  return (a & mask) | (b & ~mask);
}
}  // namespace detail

/// bfloat16: the upper half of a float32 (8 exponent, 7 fraction bits). Storage with casts; arithmetic is in float.
struct bfloat16 {
  std::uint16_t bits = 0;

  bfloat16() = default;
  /// Rounds to nearest, ties to even; a NaN stays a (quiet) NaN.
  TEMPA_HOST_DEVICE explicit bfloat16(float value) {
    const auto wide = std::bit_cast<std::uint32_t>(value);
    const bool is_nan = (wide & 0x7fffffffu) > 0x7f800000u;
    const std::uint32_t rounded = detail::choose(is_nan, wide | 0x00400000u, wide + 0x7fffu + ((wide >> 16) & 1u));
    bits = static_cast<std::uint16_t>(rounded >> 16);
  }
  TEMPA_HOST_DEVICE explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  }
  TEMPA_HOST_DEVICE static bfloat16 from_bits(std::uint16_t bits) {
    bfloat16 value;
    value.bits = bits;
    return value;
  }
};

/// IEEE 754 binary16 (5 exponent, 10 fraction bits). Storage with casts; arithmetic is in float.
struct float16 {
  std::uint16_t bits = 0;

  float16() = default;
  /// Rounds to nearest, ties to even; beyond 65504 + half a step is infinity; subnormals are kept.
  TEMPA_HOST_DEVICE explicit float16(float value) {
    const auto wide = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (wide >> 16) & 0x8000u, magnitude = wide & 0x7fffffffu;
    // Below 2^-14 the addition of 0.5 lets the float unit round at the subnormal step; above 1 it is not used.
    const std::uint32_t small = detail::choose(magnitude < 0x3f800000u, magnitude, 0u);
    const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(std::bit_cast<float>(small) + 0.5f) - 0x3f000000u;
    const std::uint32_t normal = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    const std::uint32_t nan = 0x7e00u | ((magnitude >> 13) & 0x3ffu);
    const std::uint32_t finite = detail::choose(magnitude < 0x38800000u, subnormal, normal);
    const std::uint32_t special = detail::choose(magnitude > 0x7f800000u, nan, 0x7c00u);
    bits = static_cast<std::uint16_t>(sign | detail::choose(magnitude >= 0x477ff000u, special, finite));
  }
  TEMPA_HOST_DEVICE explicit operator float() const {
    const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    const std::uint32_t normal = (magnitude << 13) + 0x38000000u;
    const std::uint32_t special = 0x7f800000u | ((magnitude & 0x3ffu) << 13);
    const auto integer = static_cast<std::int32_t>(magnitude);
    const auto subnormal = std::bit_cast<std::uint32_t>(static_cast<float>(integer) * 0x1p-24f);
    const std::uint32_t finite = detail::choose(magnitude < 0x0400u, subnormal, normal);
    return std::bit_cast<float>(sign | detail::choose(magnitude >= 0x7c00u, special, finite));
  }
  TEMPA_HOST_DEVICE static float16 from_bits(std::uint16_t bits) {
    float16 value;
    value.bits = bits;
    return value;
  }
};

/// The element types as values, for files and messages.
enum class DType : std::uint8_t { kFloat32, kFloat64, kFloat16, kBFloat16, kInt32, kInt64, kUInt8 };

namespace detail {
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> : std::integral_constant<DType, DType::kFloat32> {};
template <>
struct DTypeOf<double> : std::integral_constant<DType, DType::kFloat64> {};
template <>
struct DTypeOf<float16> : std::integral_constant<DType, DType::kFloat16> {};
template <>
struct DTypeOf<bfloat16> : std::integral_constant<DType, DType::kBFloat16> {};
template <>
struct DTypeOf<std::int32_t> : std::integral_constant<DType, DType::kInt32> {};
template <>
struct DTypeOf<std::int64_t> : std::integral_constant<DType, DType::kInt64> {};
template <>
struct DTypeOf<std::uint8_t> : std::integral_constant<DType, DType::kUInt8> {};
}  // namespace detail

/// The `DType` of an element type.
template <typename T>
inline constexpr DType dtype_of = detail::DTypeOf<T>::value;

/// The type's name as PyTorch prints it.
constexpr std::string_view to_string(DType type) {
  switch (type) {
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      return "float64";
    case DType::kFloat16:
      return "float16";
    case DType::kBFloat16:
      return "bfloat16";
    case DType::kInt32:
      return "int32";
    case DType::kInt64:
      return "int64";
    case DType::kUInt8:
      return "uint8";
  }
  return "unknown";
}

/// The element types of tensors.
template <typename T>
concept Element = requires {
  detail::DTypeOf<T>::value;
};

/// The types that arithmetic is done in.
template <typename T>
concept Real = std::same_as<T, float> || std::same_as<T, double>;

/// The types that operations take: those that arithmetic is done in, and the 16-bit ones, which are loaded into float
/// and stored rounded once.
template <typename T>
concept Floating = Real<T> || std::same_as<T, float16> || std::same_as<T, bfloat16>;

/// The type in which operations on `T` compute, and that of their sums, statistics and scalars: double for double,
/// float otherwise.
template <Floating T>
using Accumulator = std::conditional_t<std::same_as<T, double>, double, float>;

/// x converted, exactly, to the type in which operations compute.
template <Floating T>
TEMPA_HOST_DEVICE inline Accumulator<T> widen(T x) {
  return static_cast<Accumulator<T>>(x);
}

/// x rounded to the nearest `T`, as operations store a result.
template <Floating T>
TEMPA_HOST_DEVICE inline T narrow(Accumulator<T> x) {
  return static_cast<T>(x);
}

/// Converts between any two element types; the 16-bit floats go through float.
template <Element To, Element From>
To element_cast(From value) {
  constexpr bool kFromHalf = std::same_as<From, float16> || std::same_as<From, bfloat16>;
  constexpr bool kToHalf = std::same_as<To, float16> || std::same_as<To, bfloat16>;
  if constexpr (std::same_as<To, From>) {
    return value;
  } else if constexpr (kFromHalf) {
    return element_cast<To>(static_cast<float>(value));
  } else if constexpr (kToHalf) {
    return To(static_cast<float>(value));
  } else {
    return static_cast<To>(value);
  }
}

}  // namespace tempa::inline TEMPA_ABI
