// A picture: a scene that is saved as SVG, and as PNG where this build has cairo.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/plot/detail/png.hpp>
#include <tempa/plot/detail/rasterize.hpp>
#include <tempa/plot/detail/svg.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

TEMPA_COMPILED_FILE("train");

namespace tempa::inline TEMPA_ABI {

/// A scene that can be written to files.
///
///   plot_learning_curves(history).save_svg("curves.svg");
///
class Picture : public Scene {
 public:
  /// An empty white area. @param title of the file, not drawn. @throws ValueError as `Scene`.
  Picture(double width, double height, std::string title = {}) : Scene(width, height), title_(std::move(title)) {
    require_valid_utf8("Picture", title_);
  }

  const std::string& title() const { return title_; }

  /// The picture as an SVG file, which scales without loss and whose texts use the reader's fonts.
  std::string svg() const { return scene_to_svg(*this, title_); }
  /// @throws IoError; the old file is as it was then.
  void save_svg(const std::filesystem::path& path) const { atomic_write_text(path.string(), svg()); }

  /// (height,width,3) @throws ConfigError: `rasterize`.
  Tensor<std::uint8_t> pixels(const RasterOptions& options = {}) const { return rasterize(*this, options); }
  /// The picture as a PNG file, its texts in the fonts of this system. @throws ConfigError: `rasterize`.
  std::string png(const RasterOptions& options = {}) const { return encode_png(pixels(options)); }
  /// @throws ConfigError, IoError; the old file is as it was then.
  void save_png(const std::filesystem::path& path, const RasterOptions& options = {}) const {
    atomic_write_text(path.string(), png(options));
  }

 private:
  std::string title_;
};

}  // namespace tempa::inline TEMPA_ABI
