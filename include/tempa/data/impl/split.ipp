// The bodies of <tempa/data/split.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/data/split.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<Index> split_sizes(Index count, std::span<const double> ratios) {
  if (count < 0) throw ValueError(concat("[split_sizes] expected a count of at least 0 but got ", count));
  double sum = 0.0;
  for (const double ratio : ratios) {
    if (!(ratio >= 0.0) || !std::isfinite(ratio))
      throw ValueError(concat("[split_sizes] ratios must be finite and not negative but one is ", ratio));
    sum += ratio;
  }
  if (!(sum > 0.0) || !std::isfinite(sum))
    throw ValueError(concat("[split_sizes] the sum of the ratios must be positive and finite but is ", sum));
  std::vector<Index> sizes;
  std::vector<double> remainders;
  Index left = count;
  for (const double ratio : ratios) {
    const double exact = static_cast<double>(count) * (ratio / sum);
    sizes.push_back(std::min(left, static_cast<Index>(exact)));
    remainders.push_back(exact - std::floor(exact));
    left -= sizes.back();
  }
  std::vector<std::size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return remainders[a] > remainders[b]; });
  for (std::size_t i = 0; left > 0; i = (i + 1) % order.size(), --left) ++sizes[order[i]];
  return sizes;
}

TEMPA_INLINE std::vector<std::vector<Index>> random_split_rows(Index count, std::span<const double> ratios,
                                                               std::uint64_t seed) {
  const std::vector<Index> sizes = split_sizes(count, ratios);
  std::vector<Index> rows(static_cast<std::size_t>(count));
  std::iota(rows.begin(), rows.end(), Index{0});
  Generator generator(seed);
  shuffle(std::span<Index>(rows), generator);
  std::vector<std::vector<Index>> parts;
  auto from = rows.begin();
  for (const Index size : sizes) {
    parts.emplace_back(from, from + size);
    from += size;
  }
  return parts;
}

TEMPA_INLINE std::vector<std::vector<Index>> stratified_split_rows(std::span<const std::int32_t> labels,
                                                                   std::span<const double> ratios, std::uint64_t seed) {
  std::vector<std::vector<Index>> parts(split_sizes(0, ratios).size());
  std::map<std::int32_t, std::vector<Index>> classes;
  for (std::size_t row = 0; row < labels.size(); ++row) classes[labels[row]].push_back(static_cast<Index>(row));
  Generator generator(seed);
  for (auto& [label, rows] : classes) {
    shuffle(std::span<Index>(rows), generator);
    const std::vector<Index> sizes = split_sizes(static_cast<Index>(rows.size()), ratios);
    auto from = rows.begin();
    for (std::size_t part = 0; part < parts.size(); ++part) {
      parts[part].insert(parts[part].end(), from, from + sizes[part]);
      from += sizes[part];
    }
  }
  for (std::vector<Index>& part : parts) shuffle(std::span<Index>(part), generator);
  return parts;
}

}  // namespace tempa::inline TEMPA_ABI
