// The bodies of <tempa/plot/picture.hpp>.
#pragma once

#include <tempa/io/files/file.hpp>
#include <tempa/plot/detail/svg.hpp>
#include <tempa/plot/picture.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Picture::Picture(double width, double height, std::string title)
    : Scene(width, height), title_(std::move(title)) {
  require_valid_utf8("Picture", title_);
}

TEMPA_INLINE std::string Picture::svg() const { return scene_to_svg(*this, title_); }

TEMPA_INLINE void Picture::save_svg(const std::filesystem::path& path) const {
  atomic_write_text(path.string(), svg());
}

TEMPA_INLINE std::string Picture::png(const RasterOptions& options) const { return encode_png(pixels(options)); }

TEMPA_INLINE void Picture::save_png(const std::filesystem::path& path, const RasterOptions& options) const {
  atomic_write_text(path.string(), png(options));
}

}  // namespace tempa::inline TEMPA_ABI
