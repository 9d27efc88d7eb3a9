// Scenes as SVG.
#pragma once

#include <tempa/plot/detail/scene.hpp>

#include <string>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// A number with `decimals` digits after the point, whatever the program's locale.
std::string fixed_number(double value, int decimals);

/// Text of an XML element or attribute; characters that XML cannot hold become spaces.
std::string xml_text(std::string_view text);

}  // namespace detail

/// A scene as an SVG file: texts stay texts in the reader's fonts, and can be searched and copied.
/// @param title what a screen reader says; may be empty.
/// @source W3C Scalable Vector Graphics 1.1
std::string scene_to_svg(const Scene& scene, std::string_view title = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/svg.ipp>
#endif
