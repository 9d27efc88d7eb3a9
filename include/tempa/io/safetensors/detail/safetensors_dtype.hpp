// The element types of the safetensors format.
#pragma once

#include <tempa/core/dtype.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The element types in the format's own order, by rising alignment; the tensors of a file are in the reverse order.
enum class SafetensorsDType : std::uint8_t {
  kBool,
  kF4,
  kF6E2M3,
  kF6E3M2,
  kU8,
  kI8,
  kF8E5M2,
  kF8E4M3,
  kF8E8M0,
  kF8E4M3Fnuz,
  kF8E5M2Fnuz,
  kI16,
  kU16,
  kF16,
  kBF16,
  kI32,
  kU32,
  kF32,
  kC64,
  kF64,
  kI64,
  kU64,
};

namespace detail {

struct SafetensorsDTypeInfo {
  std::string_view name;
  std::uint64_t bits;
};

// clang-format off
inline constexpr std::array<SafetensorsDTypeInfo, 22> kSafetensorsDTypes = {{
    {"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8}, {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
    {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16},
    {"I32", 32}, {"U32", 32}, {"F32", 32},
    {"C64", 64}, {"F64", 64}, {"I64", 64}, {"U64", 64},
}};
// clang-format on

/// The type of this name in a file, or nothing.
std::optional<SafetensorsDType> safetensors_dtype(std::string_view name);

/// The type that a tensor of `T` is stored as.
template <Element T>
constexpr SafetensorsDType safetensors_dtype_of() {
  if constexpr (std::same_as<T, float>) return SafetensorsDType::kF32;
  if constexpr (std::same_as<T, double>) return SafetensorsDType::kF64;
  if constexpr (std::same_as<T, float16>) return SafetensorsDType::kF16;
  if constexpr (std::same_as<T, bfloat16>) return SafetensorsDType::kBF16;
  if constexpr (std::same_as<T, std::int32_t>) return SafetensorsDType::kI32;
  if constexpr (std::same_as<T, std::int64_t>) return SafetensorsDType::kI64;
  if constexpr (std::same_as<T, std::uint8_t>) return SafetensorsDType::kU8;
}

}  // namespace detail

/// The type's name in a file: "F32".
constexpr std::string_view to_string(SafetensorsDType type) {
  return detail::kSafetensorsDTypes[static_cast<std::size_t>(type)].name;
}

/// Bits of one element: 4, 6, 8, 16, 32 or 64.
constexpr std::uint64_t bits_of(SafetensorsDType type) {
  return detail::kSafetensorsDTypes[static_cast<std::size_t>(type)].bits;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/safetensors/detail/impl/safetensors_dtype.ipp>
#endif
