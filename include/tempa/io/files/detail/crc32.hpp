// Cyclic redundancy checks: CRC-32 of PNG and ZIP files, CRC-32C of TensorBoard's event files.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

std::uint32_t crc(const std::array<std::uint32_t, 256>& table, std::string_view bytes, std::uint32_t earlier);

}  // namespace detail

/// CRC-32 (polynomial 0x04c11db7, reflected). @param earlier the check of the bytes before these.
/// @source ISO 3309; zlib `crc32`
std::uint32_t crc32(std::string_view bytes, std::uint32_t earlier = 0);

/// CRC-32C, Castagnoli's (polynomial 0x1edc6f41, reflected). @param earlier the check of the bytes before these.
/// @source RFC 3720, appendix B.4
std::uint32_t crc32c(std::string_view bytes, std::uint32_t earlier = 0);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/files/detail/impl/crc32.ipp>
#endif
