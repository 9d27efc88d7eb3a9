// A picture: a scene that is saved as SVG, and as PNG where this build has cairo.
#pragma once

#include <tempa/plot/detail/png.hpp>
#include <tempa/plot/detail/rasterize.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace tempa::inline TEMPA_ABI {

/// A scene that can be written to files.
///
///   plot_learning_curves(history).save_svg("curves.svg");
///
class Picture : public Scene {
 public:
  /// An empty white area. @param title of the file, not drawn. @throws ValueError as `Scene`.
  Picture(double width, double height, std::string title = {});

  const std::string& title() const { return title_; }

  /// The picture as an SVG file, which scales without loss and whose texts use the reader's fonts.
  std::string svg() const;
  /// @throws IoError; the old file is as it was then.
  void save_svg(const std::filesystem::path& path) const;

  /// (height,width,3) @throws ConfigError: `rasterize`.
  Tensor<std::uint8_t> pixels(const RasterOptions& options = {}) const { return rasterize(*this, options); }
  /// The picture as a PNG file, its texts in the fonts of this system. @throws ConfigError: `rasterize`.
  std::string png(const RasterOptions& options = {}) const;
  /// @throws ConfigError, IoError; the old file is as it was then.
  void save_png(const std::filesystem::path& path, const RasterOptions& options = {}) const;

 private:
  std::string title_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/impl/picture.ipp>
#endif
