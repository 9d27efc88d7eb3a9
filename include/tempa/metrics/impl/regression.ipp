// The bodies of <tempa/metrics/regression.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/metrics/regression.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

inline void check_same_size(std::string_view who, std::span<const double> targets,
                            std::span<const double> predictions) {
  if (targets.size() != predictions.size())
    throw ShapeError(concat("[", who, "] predictions must have the size of targets, ", targets.size(), ", but has ",
                            predictions.size()));
  if (targets.empty()) throw ValueError(concat("[", who, "] expected at least one prediction but got none"));
}

// Mean of `f(target, prediction)`.
template <typename F>
double mean_error(std::string_view who, std::span<const double> targets, std::span<const double> predictions, F&& f) {
  check_same_size(who, targets, predictions);
  double sum = 0.0;
  for (std::size_t i = 0; i < targets.size(); ++i) sum += f(targets[i] - predictions[i]);
  return sum / static_cast<double>(targets.size());
}

// The values minus their mean, divided by the length of that: NaN throughout where all values are the same.
inline std::vector<double> standardized(std::span<const double> values) {
  std::vector<double> result(values.begin(), values.end());
  if (std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); })) {
    std::fill(result.begin(), result.end(), std::numeric_limits<double>::quiet_NaN());
    return result;
  }
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  double largest = 0.0, squares = 0.0;
  for (double& value : result) largest = std::max(largest, std::abs(value -= mean));
  for (double& value : result) {
    value /= largest;  // so that no square underflows or overflows
    squares += value * value;
  }
  for (double& value : result) value /= std::sqrt(squares);
  return result;
}

}  // namespace detail

TEMPA_INLINE double mean_squared_error(std::span<const double> targets, std::span<const double> predictions) {
  return detail::mean_error("mean_squared_error", targets, predictions, [](double e) { return e * e; });
}

TEMPA_INLINE double mean_absolute_error(std::span<const double> targets, std::span<const double> predictions) {
  return detail::mean_error("mean_absolute_error", targets, predictions, [](double e) { return std::abs(e); });
}

TEMPA_INLINE double pearson_correlation(std::span<const double> targets, std::span<const double> predictions) {
  detail::check_same_size("pearson_correlation", targets, predictions);
  const auto x = detail::standardized(targets), y = detail::standardized(predictions);
  const double r = std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
  return std::isnan(r) ? r : std::clamp(r, -1.0, 1.0);
}

TEMPA_INLINE std::vector<double> average_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = 0.5 * static_cast<double>(begin + 1 + end);
  }
  return ranks;
}

TEMPA_INLINE double spearman_correlation(std::span<const double> targets, std::span<const double> predictions) {
  detail::check_same_size("spearman_correlation", targets, predictions);
  for (const auto& values : {targets, predictions})
    for (const double value : values)
      if (std::isnan(value)) return value;
  return pearson_correlation(average_ranks(targets), average_ranks(predictions));
}

}  // namespace tempa::inline TEMPA_ABI
