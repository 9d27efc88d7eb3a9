// PNG files from pixels.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/io/files/crc32.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if defined(TEMPA_WITH_ZLIB)
#include <zlib.h>
#endif

TEMPA_COMPILED_FILE("io");

namespace tempa::inline TEMPA_ABI {

/// Options of `encode_png`.
struct PngOptions {
  double dots_per_inch = 0;                                  ///< 0: not said
  std::vector<std::pair<std::string, std::string>> texts{};  ///< keyword (Latin letters) and UTF-8 text, not shown
};

namespace detail {

inline void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<unsigned char>(value >> shift));
}

inline void append_png_chunk(std::string& out, std::string_view type, std::string_view data) {
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  out += type;
  out += data;
  append_big_endian(out, crc32(data, crc32(type)));
}

/// A zlib stream: compressed by zlib where the library has it, else in stored blocks, which every reader takes as well.
inline std::string zlib_stream(std::string_view bytes) {
#if defined(TEMPA_WITH_ZLIB)
  std::string out(::compressBound(static_cast<uLong>(bytes.size())), '\0');
  auto size = static_cast<uLongf>(out.size());
  if (::compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
                  static_cast<uLong>(bytes.size()), 9) != Z_OK)
    throw OutOfMemoryError("[encode_png] zlib has no memory");
  out.resize(size);
  return out;
#else
  constexpr std::size_t kMaxBlock = 65535;
  std::string out = "\x78\x01";
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += kMaxBlock) {
    const std::string_view block = bytes.substr(at, kMaxBlock);
    const auto size = static_cast<std::uint32_t>(block.size());
    out += at + kMaxBlock >= bytes.size() ? '\1' : '\0';
    for (const std::uint32_t byte : {size & 255u, size >> 8, ~size & 255u, (~size >> 8) & 255u})
      out += static_cast<char>(static_cast<unsigned char>(byte));
    out += block;
  }
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521u;
    b = (b + a) % 65521u;
  }
  append_big_endian(out, (b << 16) | a);
  return out;
#endif
}

}  // namespace detail

/// A PNG file of 8 bits a channel. Rows are not filtered, which is best for diagrams.
/// @param pixels (height,width,channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels.
/// @return the file's bytes.
/// @throws ShapeError for another shape.
/// @source RFC 2083, RFC 1950, RFC 1951
inline std::string encode_png(const Tensor<std::uint8_t>& pixels, const PngOptions& options = {}) {
  const Shape& shape = pixels.shape();
  constexpr Index kMaxSide = 0x7fffffff;
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3 && shape[2] != 4) || shape[0] < 1 || shape[1] < 1 ||
      shape[0] > kMaxSide || shape[1] > kMaxSide)
    throw ShapeError(concat("[encode_png] pixels must have shape (height,width,1), (…,3) or (…,4) but have ", shape));
  std::string head;
  detail::append_big_endian(head, static_cast<std::uint32_t>(shape[1]));
  detail::append_big_endian(head, static_cast<std::uint32_t>(shape[0]));
  head += '\x08';  // bits
  head += shape[2] == 1 ? '\0' : shape[2] == 3 ? '\2' : '\6';
  head += std::string(3, '\0');  // deflate, the five filters, no interlacing
  std::string file = "\x89PNG\r\n\x1a\n";
  detail::append_png_chunk(file, "IHDR", head);
  if (options.dots_per_inch > 0) {
    std::string size;
    const auto dots_per_metre = static_cast<std::uint32_t>(std::lround(options.dots_per_inch / 0.0254));
    detail::append_big_endian(size, dots_per_metre);
    detail::append_big_endian(size, dots_per_metre);
    detail::append_png_chunk(file, "pHYs", size + '\1');
  }
  for (const auto& [keyword, text] : options.texts)
    detail::append_png_chunk(file, "iTXt", keyword + std::string(5, '\0') + text);
  const auto row_bytes = static_cast<std::size_t>(shape[1] * shape[2]);
  const auto* bytes = reinterpret_cast<const char*>(pixels.data());
  std::string rows;
  rows.reserve((row_bytes + 1) * static_cast<std::size_t>(shape[0]));
  for (Index y = 0; y < shape[0]; ++y, bytes += row_bytes) {
    rows += '\0';  // no filter
    rows.append(bytes, row_bytes);
  }
  const std::string data = detail::zlib_stream(rows);
  constexpr std::size_t kMaxChunk = std::size_t{1} << 30;
  for (std::size_t at = 0; at < data.size(); at += kMaxChunk)
    detail::append_png_chunk(file, "IDAT", std::string_view(data).substr(at, kMaxChunk));
  detail::append_png_chunk(file, "IEND", "");
  return file;
}

}  // namespace tempa::inline TEMPA_ABI
