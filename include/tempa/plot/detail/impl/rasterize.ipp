// The bodies of <tempa/plot/detail/rasterize.hpp>.
#pragma once

#include <tempa/plot/detail/png.hpp>
#include <tempa/plot/detail/rasterize.hpp>

#include <cmath>
#include <cstdint>
#include <variant>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Tensor<std::uint8_t> rasterize(const Scene& scene, const RasterOptions& options) {
  if (!(options.scale >= 0.1 && options.scale <= 20))
    throw ConfigError(concat("[rasterize] scale must be from 0.1 to 20 but is ", options.scale));
  const double width = std::ceil(scene.width() * options.scale), height = std::ceil(scene.height() * options.scale);
  constexpr double kMaxSide = 32767;  // cairo's
  if (width * height > 1e8 || width > kMaxSide || height > kMaxSide)
    throw ConfigError(concat("[rasterize] expected at most 1e8 pixels, and ", kMaxSide, " a side, but there would be ",
                             width, " times ", height));
#if defined(TEMPA_WITH_CAIRO)
  detail::Painter painter(static_cast<Index>(width), static_cast<Index>(height), options.scale);
  for (const Scene::Element& element : scene.elements()) std::visit(painter, element);
  return painter.pixels();
#else
  detail::refuse_png("rasterize");
#endif
}

}  // namespace tempa::inline TEMPA_ABI
