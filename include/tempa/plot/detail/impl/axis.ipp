// The bodies of <tempa/plot/detail/axis.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/plot/detail/axis.hpp>
#include <tempa/plot/detail/svg.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace tempa::inline TEMPA_ABI {

namespace detail {

TEMPA_INLINE Scene::Color series_color(std::size_t i) {
  constexpr Scene::Color kColors[] = {{0, 114, 178}, {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                      {230, 159, 0}, {86, 180, 233}, {0, 0, 0}};
  return kColors[i % std::size(kColors)];
}

TEMPA_INLINE std::vector<double> series_dashes(std::size_t i) {
  static const std::vector<double> kDashes[] = {{}, {5, 3.5}, {1.2, 3}, {7, 3, 1.2, 3}};
  return kDashes[i / 7 % std::size(kDashes)];
}

TEMPA_INLINE std::string power_of_ten(int exponent) {
  static const std::string kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string text = exponent < 0 ? "10⁻" : "10";
  for (const char digit : std::to_string(std::abs(exponent))) text += kDigits[digit - '0'];
  return text;
}

}  // namespace detail

TEMPA_INLINE Axis make_axis(double low, double high, const AxisOptions& options) {
  if (!(std::isfinite(low) && std::isfinite(high) && low <= high))
    throw ValueError(concat("[make_axis] expected a finite range but got ", low, " to ", high));
  constexpr double kLargest = 1e300;
  low = std::clamp(low, -kLargest, kLargest);
  high = std::clamp(high, -kLargest, kLargest);
  const bool zero_low = options.from_zero && low >= 0, zero_high = options.from_zero && high < 0;
  if (zero_low) low = 0;
  if (zero_high) high = 0;
  Axis axis;
  double room = (high - low) * options.margin;
  const double size = std::max(std::abs(low), std::abs(high));
  if (!(high - low > 1e-9 * size))  // one value, as far as ticks can tell
    room = options.integer ? std::max(0.5, 1e-6 * size) : size == 0 ? 0.5 : 0.1 * size;
  axis.low = zero_low ? low : low - room;
  axis.high = zero_high ? high : high + room;
  const double rough = (axis.high - axis.low) / std::max(options.max_ticks, 1);
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.5, 2.0, 1.0})
    if (factor * power >= rough * (1 - 1e-9)) step = factor * power;
  if (options.integer) step = std::max(1.0, step == 2.5 ? 5.0 : step);
  const double first = std::ceil(axis.low / step - 1e-9), last = std::floor(axis.high / step + 1e-9);
  for (double i = 0; i <= last - first; ++i) axis.ticks.push_back(first + i == 0 ? 0.0 : (first + i) * step);
  if (options.integer)  // an epoch 0 that is only in the margin did not happen
    std::erase_if(axis.ticks, [&](double tick) { return tick < low || tick > high; });
  double largest = 0;
  for (const double tick : axis.ticks) largest = std::max(largest, std::abs(tick));
  if (largest > 0 && (largest < 1e-3 || largest >= 1e6))
    axis.exponent = static_cast<int>(std::floor(std::log10(largest) + 1e-9));
  const double unit = std::pow(10.0, axis.exponent);
  int decimals = 0;
  for (double s = step / unit; decimals < 12 && std::abs(s - std::round(s)) > 1e-6 * std::max(1.0, s); s *= 10)
    ++decimals;
  for (const double tick : axis.ticks)
    axis.labels.push_back((tick < 0 ? "−" : "") + detail::fixed_number(std::abs(tick / unit), decimals));
  return axis;
}

}  // namespace tempa::inline TEMPA_ABI
