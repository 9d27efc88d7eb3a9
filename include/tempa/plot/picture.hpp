// A picture: a scene that is saved as SVG and PNG.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/plot/png.hpp>
#include <tempa/plot/rasterize.hpp>
#include <tempa/plot/svg.hpp>

#include <cstddef>
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

  /// (height,width,3) @throws ConfigError for a scale out of range.
  Tensor<std::uint8_t> pixels(const RasterOptions& options = {}) const { return rasterize(*this, options).pixels; }
  /// The picture as a PNG file. Texts in scripts that no font can draw stand as [1], [2], … in it, and the file's
  /// "Description" says what they are.
  /// @throws ConfigError for a scale out of range.
  std::string png(const RasterOptions& options = {}) const {
    const Raster raster = rasterize(*this, options);
    PngOptions file{.dots_per_inch = 96 * options.scale};
    if (!title_.empty()) file.texts.emplace_back("Title", title_);
    std::string description;
    for (std::size_t i = 0; i < raster.numbered.size(); ++i)
      description += "[" + std::to_string(i + 1) + "] " + raster.numbered[i] + "\n";
    if (!description.empty()) file.texts.emplace_back("Description", description);
    return encode_png(raster.pixels, file);
  }
  /// @throws ConfigError, IoError; the old file is as it was then.
  void save_png(const std::filesystem::path& path, const RasterOptions& options = {}) const {
    atomic_write_text(path.string(), png(options));
  }

 private:
  std::string title_;
};

}  // namespace tempa::inline TEMPA_ABI
