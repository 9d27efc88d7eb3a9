// Safetensors files made by hand, valid or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The eight bytes of a header's length.
inline std::string length_bytes(std::uint64_t length) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>((length >> (8 * i)) & 0xffu);
  return bytes;
}

/// A whole file: the header's length, the header as it is, the data.
inline std::string safetensors_bytes(std::string_view header, std::string_view data = "") {
  return length_bytes(header.size()) + std::string(header) + std::string(data);
}

inline std::span<const std::byte> as_file(std::string_view bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}
