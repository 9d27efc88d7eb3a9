// The bodies of <tempa/plot/detail/png.hpp>.
#pragma once

#include <tempa/plot/detail/png.hpp>

#if defined(TEMPA_WITH_CAIRO)
#include <png.h>
#endif

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE void refuse_png(std::string_view who) {
  throw ConfigError(concat("[", who, "] PNG pictures need cairo, pango and libpng but this build has none of them ",
                           "(TEMPA_WITH_CAIRO is not defined; Debian: libpango1.0-dev); SVG pictures need nothing"));
}

}  // namespace detail

TEMPA_INLINE std::string encode_png(const Tensor<std::uint8_t>& pixels) {
  const Shape& shape = pixels.shape();
  if (shape.rank() != 3 || (shape[2] != 1 && shape[2] != 3 && shape[2] != 4) || shape[0] < 1 || shape[1] < 1)
    throw ShapeError(concat("[encode_png] pixels must have shape (height,width,1), (…,3) or (…,4) but have ", shape));
#if defined(TEMPA_WITH_CAIRO)
  constexpr Index kMaxSide = 1'000'000;  // libpng's
  if (shape[0] > kMaxSide || shape[1] > kMaxSide)
    throw ConfigError(concat("[encode_png] expected at most ", kMaxSide, " pixels a side but there are ", shape));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(shape[0]);
  image.width = static_cast<png_uint_32>(shape[1]);
  image.format = shape[2] == 1 ? PNG_FORMAT_GRAY : shape[2] == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string file(size, '\0');
  if (png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr) == 0)
    throw ConfigError(concat("[encode_png] libpng says: ", image.message));
  file.resize(size);
  return file;
#else
  detail::refuse_png("encode_png");
#endif
}

}  // namespace tempa::inline TEMPA_ABI
