// Two datasets joined to one.
#pragma once

#include <tempa/data/dataset.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// The rows of `first`, then those of `second`. Both give the same type of example.
/// @source torch.utils.data.ConcatDataset
template <Dataset First, Dataset Second>
requires std::same_as<ExampleOf<First>, ExampleOf<Second>>
class ConcatDataset {
 public:
  /// @param first, second borrowed from lvalues, owned from rvalues.
  ConcatDataset(DatasetHandle<First> first, DatasetHandle<Second> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  Index size() const { return first_.size() + second_.size(); }
  /// @throws what the dataset of the row throws.
  ExampleOf<First> operator[](Index row) const {
    return row < first_.size() ? example_at(*first_, row) : example_at(*second_, row - first_.size());
  }
  /// Tokens of a row, where the datasets tell. @throws what the dataset of the row throws.
  Index length(Index row) const requires requires(const First& a, const Second& b) { a.length(row), b.length(row); }
  { return row < first_.size() ? first_->length(row) : second_->length(row - first_.size()); }

 private:
  DatasetHandle<First> first_;
  DatasetHandle<Second> second_;
};

/// Temporary datasets are moved in.
template <typename First, typename Second>
ConcatDataset(First&&, Second&&) -> ConcatDataset<std::remove_cvref_t<First>, std::remove_cvref_t<Second>>;

}  // namespace tempa::inline TEMPA_ABI
