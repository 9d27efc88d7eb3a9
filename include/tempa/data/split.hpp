// Splits a dataset at random, also with the same share of each class in each part.
#pragma once

#include <tempa/data/dataset.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace tempa::inline TEMPA_ABI {

/// Sizes of the parts of `count` rows: count * ratio / (sum of ratios), rounded so that they add up to `count`; the
/// rows left over by rounding down go to the parts with the largest remainders, to the first of equals.
/// @param ratios not negative, e.g. {8, 1, 1}. @throws ValueError for other ratios, or a negative count.
std::vector<Index> split_sizes(Index count, std::span<const double> ratios);

/// Rows 0 to count-1 in random order, divided by `split_sizes`.
/// @param seed the same seed gives the same parts everywhere. @throws ValueError as `split_sizes`.
std::vector<std::vector<Index>> random_split_rows(Index count, std::span<const double> ratios, std::uint64_t seed);

/// Rows divided so that each part has about the same share of each class: `split_sizes` of each class by itself.
/// A class of very few rows may be missing in the smaller parts.
/// @param labels (n) class of each row. @param seed as above. @return the rows of each part in random order.
/// @throws ValueError as `split_sizes`.
std::vector<std::vector<Index>> stratified_split_rows(std::span<const std::int32_t> labels,
                                                      std::span<const double> ratios, std::uint64_t seed);

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
/// The same by the label of each example.
template <typename D, std::size_t N>
requires Dataset<std::remove_cvref_t<D>>
auto stratified_split(D&& dataset, const double (&ratios)[N], std::uint64_t seed) {
  return stratified_split(std::forward<D>(dataset), ratios, seed, [](const TextExample& example) {
    if (!example.label) throw ValueError("[stratified_split] every example must have a label but one has none");
    return *example.label;
  });
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/data/impl/split.ipp>
#endif
