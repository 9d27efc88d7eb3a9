// Axes: round tick values, and how numbers are written along them.
#pragma once

#include <tempa/plot/detail/scene.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// Colors that differ for color-blind readers too, the strongest first.
/// @source M. Okabe, K. Ito: Color Universal Design, 2008
Scene::Color series_color(std::size_t i);
/// Later turns through the colors have other dashes.
std::vector<double> series_dashes(std::size_t i);

inline constexpr Scene::Color kInk{38, 38, 38};
inline constexpr Scene::Color kAxisInk{90, 90, 90};
inline constexpr Scene::Color kGridInk{228, 228, 228};

/// 10^-5 as "10⁻⁵".
std::string power_of_ten(int exponent);

}  // namespace detail

/// A range with round tick values in it.
struct Axis {
  double low = 0, high = 1;
  std::vector<double> ticks;
  std::vector<std::string> labels;
  int exponent = 0;  ///< the labels are to be read times ten to this
};

/// What to do with the ends of an axis.
struct AxisOptions {
  int max_ticks = 6;
  bool integer = false;    ///< ticks at whole numbers only
  double margin = 0.05;    ///< empty share of the range at both ends
  bool from_zero = false;  ///< the range includes 0 and has no margin there
};

/// An axis for values from `low` to `high`, which may be equal. Ticks are multiples of 1, 2, 2.5 or 5 times a power of
/// ten. @throws ValueError unless both are finite and in order.
Axis make_axis(double low, double high, const AxisOptions& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/plot/detail/impl/axis.ipp>
#endif
