// PNG files from pixels, by libpng.
#pragma once

#include <tempa/tensor/tensor.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// Whether this build draws pictures as pixels and writes PNG files. Without it they are SVG files only.
#if defined(TEMPA_WITH_CAIRO)
inline constexpr bool kWritesPng = true;
#else
inline constexpr bool kWritesPng = false;
#endif

namespace detail {

[[noreturn]] void refuse_png(std::string_view who);

}  // namespace detail

/// A PNG file of 8 bits a channel.
/// @param pixels (height,width,channels) with 1 (gray), 3 (RGB) or 4 (RGBA) channels.
/// @return the file's bytes.
/// @throws ShapeError for another shape; ConfigError where this build has no libpng, or for a side that it refuses.
/// @source libpng, the simplified API
std::string encode_png(const Tensor<std::uint8_t>& pixels);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/png.ipp>
#endif
