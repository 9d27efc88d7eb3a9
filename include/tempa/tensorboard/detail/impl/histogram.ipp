// The bodies of <tempa/tensorboard/detail/histogram.hpp>.
#pragma once

#include <tempa/tensorboard/detail/histogram.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE const std::vector<double>& tensorboard_bins() {
  static const std::vector<double> limits = [] {
    std::vector<double> positive;
    for (double limit = 1e-12; limit < 1e20; limit *= 1.1) positive.push_back(limit);
    std::vector<double> all(positive.rbegin(), positive.rend());
    for (double& limit : all) limit = -limit;
    all.push_back(0.0);
    all.insert(all.end(), positive.begin(), positive.end());
    return all;
  }();
  return limits;
}

TEMPA_INLINE HistogramSummary make_histogram(std::span<const double> values) {
  const std::vector<double>& limits = tensorboard_bins();
  std::vector<double> counts(limits.size() - 1, 0.0);
  HistogramSummary result{.num = static_cast<double>(values.size())};
  bool has_nan = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    result.sum += value;
    result.sum_squares += value * value;
    result.min = i == 0 ? value : std::min(result.min, value);
    result.max = i == 0 ? value : std::max(result.max, value);
    has_nan = has_nan || value != value;
    if (!(value >= limits.front() && value <= limits.back())) continue;
    const auto next = std::upper_bound(limits.begin(), limits.end(), value);
    const auto bucket = static_cast<std::size_t>(next - limits.begin()) - 1;
    counts[std::min(bucket, counts.size() - 1)] += 1.0;  // the last bucket includes its right end
  }
  if (has_nan) result.min = result.max = result.sum;  // NaN
  const auto holds_any = [](double count) { return count > 0; };
  const auto first = std::find_if(counts.begin(), counts.end(), holds_any) - counts.begin();
  if (first == static_cast<std::ptrdiff_t>(counts.size()))
    throw ValueError(concat("[add_histogram] expected a value within ±1e20 but none of ", values.size(), " is"));
  const auto last = counts.rend() - std::find_if(counts.rbegin(), counts.rend(), holds_any);
  result.bucket.push_back(0.0);
  result.bucket.insert(result.bucket.end(), counts.begin() + first, counts.begin() + last);
  result.bucket_limit.assign(limits.begin() + first, limits.begin() + last + 1);
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
