// The bodies of <tempa/io/files/detail/crc32.hpp>.
#pragma once

#include <tempa/io/files/detail/crc32.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Remainders of all bytes by a polynomial whose bits are in reverse order.
constexpr std::array<std::uint32_t, 256> crc_table(std::uint32_t polynomial) {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1u) != 0 ? polynomial : 0u);
    table[byte] = remainder;
  }
  return table;
}

inline constexpr auto kCrc32Table = crc_table(0xedb88320u);

inline constexpr auto kCrc32cTable = crc_table(0x82f63b78u);

TEMPA_INLINE std::uint32_t crc(const std::array<std::uint32_t, 256>& table, std::string_view bytes,
                               std::uint32_t earlier) {
  std::uint32_t remainder = ~earlier;
  for (const char c : bytes)
    remainder =
        (remainder >> 8) ^ table[(remainder ^ static_cast<std::uint32_t>(static_cast<unsigned char>(c))) & 255u];
  return ~remainder;
}

}  // namespace detail

TEMPA_INLINE std::uint32_t crc32(std::string_view bytes, std::uint32_t earlier) {
  return detail::crc(detail::kCrc32Table, bytes, earlier);
}

TEMPA_INLINE std::uint32_t crc32c(std::string_view bytes, std::uint32_t earlier) {
  return detail::crc(detail::kCrc32cTable, bytes, earlier);
}

}  // namespace tempa::inline TEMPA_ABI
