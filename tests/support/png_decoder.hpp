// Reads PNG files back, by libpng.
#pragma once

#include <tempa/plot/detail/png.hpp>

#if defined(TEMPA_WITH_CAIRO)
#include <png.h>
#endif

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// The contents of a PNG file.
struct DecodedPng {
  std::size_t width = 0, height = 0, channels = 0;
  std::vector<std::uint8_t> pixels{};  // (height,width,channels)
};

/// @throws std::runtime_error for a broken file.
inline DecodedPng decode_png([[maybe_unused]] std::string_view file) {
#if defined(TEMPA_WITH_CAIRO)
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, file.data(), file.size()) == 0) throw std::runtime_error(image.message);
  DecodedPng png{.width = image.width, .height = image.height, .channels = PNG_IMAGE_PIXEL_CHANNELS(image.format)};
  png.pixels.resize(PNG_IMAGE_SIZE(image));
  if (png_image_finish_read(&image, nullptr, png.pixels.data(), 0, nullptr) == 0)
    throw std::runtime_error(image.message);
  return png;
#else
  throw std::runtime_error("this build has no libpng");
#endif
}
