// How much room a text needs, and how a long one is broken or cut; the same for SVG and PNG, whatever fonts there are.
#pragma once

#include <tempa/core/config.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Room for a line of text. @param text UTF-8. @param size of the font. @return at least the width in common fonts.
/// @throws ValueError where `text` is not valid UTF-8.
double drawn_width(std::u32string_view text, double size, bool bold = false);
double drawn_width(std::string_view text, double size, bool bold = false);

/// Breaks a text into lines: at spaces, beside wide characters, and inside of words that are longer than a line; what
/// does not fit into the last line is cut and ends with "…". Line ends and other control characters count as spaces.
/// @param max_width of a line. @param max_lines at least 1.
/// @return at least one line.
std::vector<std::string> fit_text(std::string_view text, double size, double max_width, std::size_t max_lines,
                                  bool bold = false);

/// Width of the widest line.
double drawn_width(const std::vector<std::string>& lines, double size, bool bold = false);

/// Whether a text begins with a script that is written from right to left: its first letter says.
bool is_right_to_left(std::string_view text);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/text_layout.ipp>
#endif
