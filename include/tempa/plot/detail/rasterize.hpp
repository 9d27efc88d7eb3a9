// Scenes as pixels: shapes by cairo, texts by pango in any script that an installed font has.
#pragma once

#include <tempa/plot/detail/scene.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// Options of `rasterize` and the PNG functions of `Picture`.
struct RasterOptions {
  double scale = 2;  ///< pixels to a unit: 1 is 96 to an inch, 2 twice as fine
};

/// A scene as pixels, with smooth edges.
/// @return (height,width,3)
/// @throws ConfigError for a scale that is not within [0.1, 20], more than 10^8 pixels or a side of more than 32767,
///   where no font is installed, and where this build has no cairo.
Tensor<std::uint8_t> rasterize(const Scene& scene, const RasterOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/rasterize.ipp>
#endif
