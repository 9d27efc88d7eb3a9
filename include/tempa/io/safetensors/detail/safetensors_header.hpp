// The header of a safetensors file: 8 bytes of length, then JSON that says type, shape and place of every tensor.
//
// Nothing in it is trusted. A header that another reader could understand differently (duplicate keys, numbers that
// are not integers, bytes that belong to no tensor or to two) is refused, and no number from the file decides how much
// is allocated.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/io/safetensors/detail/safetensors_dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// One tensor of a file.
struct SafetensorsEntry {
  std::string name;
  SafetensorsDType dtype = SafetensorsDType::kF32;
  Shape shape;
  std::uint64_t begin = 0;  ///< first byte, counted from the end of the header
  std::uint64_t end = 0;    ///< one past the last byte
};

/// The contents of a header, checked.
struct SafetensorsHeader {
  std::uint64_t data_offset = 0;                ///< of the first tensor's first byte in the file
  std::vector<SafetensorsEntry> entries;        ///< in the order of their bytes
  std::map<std::string, std::string> metadata;  ///< `__metadata__`
};

namespace detail {

inline constexpr std::uint64_t kMaxSafetensorsSize = std::uint64_t{1} << 48;
inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";

}  // namespace detail

/// Reads the header of a safetensors file and checks it against the file's size.
/// @param file the whole file's bytes; only the header's are touched. @param path the file that errors name.
/// @throws FormatError naming tensor and field, what was expected and what was found.
/// @source safetensors, SafeTensors::read_metadata
SafetensorsHeader read_safetensors_header(std::span<const std::byte> file, const std::string& path);

/// The bytes that a safetensors file begins with, length included, padded so that the tensors begin at a multiple of 8.
/// @param entries in the order of their bytes, with their offsets.
/// @throws ValueError when a name is no UTF-8, or the header is longer than a reader takes.
std::string safetensors_header_bytes(const std::vector<SafetensorsEntry>& entries,
                                     const std::map<std::string, std::string>& metadata);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/io/safetensors/detail/impl/safetensors_header.ipp>
#endif
