// Reads PNG files with its own inflate, so that the tested code does not decode its own output.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The contents of a PNG file.
struct DecodedPng {
  std::size_t width = 0, height = 0, channels = 0;
  std::vector<std::uint8_t> pixels;          // (height,width,channels)
  std::map<std::string, std::string> texts;  // of iTXt chunks
  std::uint32_t dots_per_metre = 0;
};

namespace png_decoder {

[[noreturn]] inline void fail(const std::string& what) { throw std::runtime_error("broken PNG: " + what); }

/// Decompresses a zlib stream. @source RFC 1950, RFC 1951
class Inflate {
 public:
  explicit Inflate(std::string_view bytes) : bytes_(bytes) {
    const unsigned head = byte(0) * 256 + byte(1);
    if ((head >> 8 & 15) != 8 || head % 31 != 0) fail("head of the zlib stream");
    at_ = 16;
    while (!block()) {
    }
    at_ = (at_ + 7) / 8 * 8;
    std::uint32_t a = 1, b = 0, stored = 0;
    for (const std::uint8_t value : out) {
      a = (a + value) % 65521;
      b = (b + a) % 65521;
    }
    for (int i = 0; i < 4; ++i, at_ += 8) stored = stored << 8 | byte(at_ / 8);
    if (stored != (b << 16 | a)) fail("Adler-32");
    if (at_ != bytes.size() * 8) fail("bytes behind the zlib stream");
  }

  std::vector<std::uint8_t> out;

 private:
  /// Code lengths to symbols: canonical Huffman.
  struct Code {
    std::array<unsigned, 16> count{};
    std::vector<unsigned> symbols;
    explicit Code(const std::vector<unsigned>& lengths) {
      std::array<unsigned, 16> next{};
      for (const unsigned length : lengths) ++count[length];
      count[0] = 0;
      for (std::size_t i = 1; i < 16; ++i) next[i] = next[i - 1] + count[i - 1];
      symbols.resize(lengths.size());
      for (unsigned s = 0; s < lengths.size(); ++s)
        if (lengths[s] != 0) symbols[next[lengths[s]]++] = s;
    }
  };

  unsigned byte(std::size_t i) const {
    if (i >= bytes_.size()) fail("the zlib stream is cut");
    return static_cast<unsigned char>(bytes_[i]);
  }
  unsigned bits(unsigned n) {
    unsigned value = 0;
    for (unsigned i = 0; i < n; ++i, ++at_) value |= (byte(at_ / 8) >> at_ % 8 & 1u) << i;
    return value;
  }
  unsigned symbol(const Code& code) {
    unsigned value = 0, first = 0, index = 0;
    for (std::size_t length = 1; length < 16; ++length) {
      value = value << 1 | bits(1);
      if (value - first < code.count[length]) return code.symbols[index + value - first];
      index += code.count[length];
      first = (first + code.count[length]) << 1;
    }
    fail("a Huffman code");
  }
  void compressed(const Code& literals, const Code& distances) {
    static constexpr unsigned kLength[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr unsigned kDistance[] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                             33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                             1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    while (true) {
      const unsigned s = symbol(literals);
      if (s == 256) return;
      if (s < 256) {
        out.push_back(static_cast<std::uint8_t>(s));
        continue;
      }
      if (s > 285) fail("a length");
      const unsigned length = kLength[s - 257] + bits(s < 265 || s == 285 ? 0 : (s - 261) / 4);
      const unsigned d = symbol(distances);
      if (d > 29) fail("a distance");
      const std::size_t distance = kDistance[d] + bits(d < 4 ? 0 : (d - 2) / 2);
      if (distance > out.size()) fail("a distance before the begin");
      for (unsigned i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);
    }
  }
  /// @return whether it was the last.
  bool block() {
    const bool last = bits(1) != 0;
    const unsigned kind = bits(2);
    if (kind == 0) {
      at_ = (at_ + 7) / 8 * 8;
      const unsigned size = bits(16);
      if ((size ^ 0xffffu) != bits(16)) fail("size of a stored block");
      for (unsigned i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(bits(8)));
    } else if (kind == 1) {
      std::vector<unsigned> lengths(288, 8);
      for (std::size_t i = 144; i < 280; ++i) lengths[i] = i < 256 ? 9 : 7;
      compressed(Code(lengths), Code(std::vector<unsigned>(30, 5)));
    } else if (kind == 2) {
      static constexpr std::size_t kOrder[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
      const unsigned literals = bits(5) + 257, distances = bits(5) + 1, codes = bits(4) + 4;
      std::vector<unsigned> lengths(19, 0), all;
      for (unsigned i = 0; i < codes; ++i) lengths[kOrder[i]] = bits(3);
      const Code code(lengths);
      while (all.size() < literals + distances) {
        const unsigned s = symbol(code);
        if (s == 16 && all.empty()) fail("a repeat of nothing");
        const unsigned value = s < 16 ? s : s == 16 ? all.back() : 0;
        all.insert(all.end(), s < 16 ? 1 : s == 16 ? 3 + bits(2) : s == 17 ? 3 + bits(3) : 11 + bits(7), value);
      }
      const auto middle = all.begin() + literals;
      compressed(Code({all.begin(), middle}), Code({middle, middle + distances}));
    } else {
      fail("kind of a block");
    }
    return last;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;  // in bits
};

/// Bit by bit, without a table.
inline std::uint32_t crc(std::string_view bytes) {
  std::uint32_t value = 0xffffffffu;
  for (const char c : bytes) {
    value ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) value = (value & 1u) != 0 ? value >> 1 ^ 0xedb88320u : value >> 1;
  }
  return ~value;
}

}  // namespace png_decoder

/// Decodes 8-bit PNG files whose rows are not filtered, with all possible checks. @throws std::runtime_error.
inline DecodedPng decode_png(std::string_view file) {
  using png_decoder::fail;
  if (!file.starts_with("\x89PNG\r\n\x1a\n")) fail("signature");
  DecodedPng png;
  std::string data, last;
  const auto number = [](std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes.at(i));
    return value;
  };
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t size = number(file.substr(at));
    if (size > file.size() - at - 12) fail("length of a chunk");
    const std::string type(file.substr(at + 4, 4));
    const std::string_view body = file.substr(at + 8, size);
    if (number(file.substr(at + 8 + size)) != png_decoder::crc(file.substr(at + 4, size + 4))) fail("CRC of " + type);
    if (type == "IHDR") {
      png.width = number(body);
      png.height = number(body.substr(4));
      if (body.substr(8, 1) != "\x08" || body.substr(10) != std::string_view("\0\0\0", 3)) fail("IHDR");
      png.channels = body[9] == 0 ? 1 : body[9] == 2 ? 3 : body[9] == 6 ? 4 : (fail("colour type"), 0);
    }
    if (type == "pHYs") png.dots_per_metre = number(body);
    if (type == "IDAT") data += body;
    if (type == "iTXt") {
      const std::size_t end = body.find('\0');
      png.texts[std::string(body.substr(0, end))] = body.substr(end + 5);
    }
    last = type;
    at += size + 12;
  }
  if (last != "IEND") fail("no end");
  const std::vector<std::uint8_t> rows = png_decoder::Inflate(data).out;
  const std::size_t row = png.width * png.channels;
  if (rows.size() != png.height * (row + 1)) fail("number of pixels");
  for (std::size_t y = 0; y < png.height; ++y) {
    if (rows[y * (row + 1)] != 0) fail("a filter");
    const auto* begin = rows.data() + y * (row + 1) + 1;
    png.pixels.insert(png.pixels.end(), begin, begin + row);
  }
  return png;
}
