// Splits a dataset at random, also with the same share of each class in each part.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/random.hpp>
#include <tempa/data/dataset.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <span>

TEMPA_COMPILED_FILE("data");

namespace tempa::inline TEMPA_ABI {

/// Sizes of the parts of `count` rows: count * ratio / (sum of ratios), rounded so that they add up to `count`; the
/// rows left over by rounding down go to the parts with the largest remainders, to the first of equals.
/// @param ratios not negative, e.g. {8, 1, 1}. @throws ValueError for other ratios, or a negative count.
inline std::vector<Index> split_sizes(Index count, std::span<const double> ratios) {
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

/// Rows 0 to count-1 in random order, divided by `split_sizes`.
/// @param seed the same seed gives the same parts everywhere. @throws ValueError as `split_sizes`.
inline std::vector<std::vector<Index>> random_split_rows(Index count, std::span<const double> ratios,
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

/// Rows divided so that each part has about the same share of each class: `split_sizes` of each class by itself.
/// A class of very few rows may be missing in the smaller parts.
/// @param labels (n) class of each row. @param seed as above. @return the rows of each part in random order.
/// @throws ValueError as `split_sizes`.
inline std::vector<std::vector<Index>> stratified_split_rows(std::span<const std::int32_t> labels,
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

namespace detail {

template <std::size_t N, Dataset D, std::size_t... Is>
std::array<Subset<D>, N> subsets(const DatasetHandle<D>& dataset, std::vector<std::vector<Index>> parts,
                                 std::index_sequence<Is...>) {
  return {Subset<D>(dataset, std::move(parts[Is]))...};
}

}  // namespace detail

/// Splits a dataset at random: `auto [train, valid, test] = random_split(all, {8, 1, 1}, 42);`
/// @param dataset borrowed from an lvalue, shared by the parts from an rvalue. @param ratios, @param seed as above.
/// @return as many subsets as ratios. @throws ValueError as `split_sizes`.
/// @source torch.utils.data.random_split
template <typename D, std::size_t N>
requires Dataset<std::remove_cvref_t<D>> std::array<Subset<std::remove_cvref_t<D>>, N> random_split(
    D&& dataset, const double (&ratios)[N], std::uint64_t seed) {
  const DatasetHandle<std::remove_cvref_t<D>> handle(std::forward<D>(dataset));
  return detail::subsets<N>(handle, random_split_rows(handle.size(), ratios, seed), std::make_index_sequence<N>());
}

/// Splits a dataset at random within each class, so that the parts have the same mixture of classes.
/// @param label_of from an example to its class; by default `example.label`.
/// @return as many subsets as ratios. @throws ValueError as `split_sizes`, and for an example without a label.
/// @source scikit-learn `train_test_split(stratify=labels)`
template <typename D, std::size_t N, typename LabelOf>
requires Dataset<std::remove_cvref_t<D>> std::array<Subset<std::remove_cvref_t<D>>, N> stratified_split(
    D&& dataset, const double (&ratios)[N], std::uint64_t seed, LabelOf label_of) {
  const DatasetHandle<std::remove_cvref_t<D>> handle(std::forward<D>(dataset));
  std::vector<std::int32_t> labels;
  for (Index row = 0; row < handle.size(); ++row)
    labels.push_back(static_cast<std::int32_t>(label_of(example_at(*handle, row))));
  return detail::subsets<N>(handle, stratified_split_rows(labels, ratios, seed), std::make_index_sequence<N>());
}
template <typename D, std::size_t N>
requires Dataset<std::remove_cvref_t<D>>
auto stratified_split(D&& dataset, const double (&ratios)[N], std::uint64_t seed) {
  return stratified_split(std::forward<D>(dataset), ratios, seed, [](const TextExample& example) {
    if (!example.label) throw ValueError("[stratified_split] every example must have a label but one has none");
    return *example.label;
  });
}

}  // namespace tempa::inline TEMPA_ABI
