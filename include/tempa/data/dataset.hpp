// The concept of a dataset, the type of example that tempa's datasets consist of, and subsets.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/text/tokenizer.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A dataset: a number of examples, each by its row from 0. Any such class is one; nothing is inherited. A
/// `std::vector` of examples is one. A `DataLoader` with workers calls `operator[]` from several threads at once.
/// @source torch.utils.data.Dataset
template <typename D>
concept Dataset = requires(const D& dataset, Index row) {
  { dataset.size() } -> std::convertible_to<Index>;
  requires std::movable<std::remove_cvref_t<decltype(dataset[row])>>;
};

/// Example `row` of a dataset, whether it counts in `Index` or, as a standard container, in its own `size_type`.
template <typename D>
decltype(auto) example_at(const D& dataset, Index row) {
  if constexpr (requires { typename D::size_type; }) {
    return dataset[static_cast<typename D::size_type>(row)];
  } else {
    return dataset[row];
  }
}

/// The type of a dataset's examples.
template <Dataset D>
using ExampleOf = std::remove_cvref_t<decltype(example_at(std::declval<const D&>(), Index{}))>;

/// One text, or pair of texts, and what a model should say about it: a class, or `targets`, or nothing.
struct TextExample {
  Encoding encoding;                                 ///< (T) ids and token types
  std::optional<std::int32_t> label = std::nullopt;  ///< class, from 0
  std::vector<float> targets = {};                   ///< (K) 0 or 1 for each of several labels, or values to regress
};

/// A dataset that is either borrowed (made from an lvalue, which must outlive it) or owned (made from an rvalue).
template <Dataset D>
class DatasetHandle {
 public:
  DatasetHandle(const D& dataset) : dataset_(std::shared_ptr<const D>(), &dataset) {}
  DatasetHandle(D&& dataset) : dataset_(std::make_shared<const D>(std::move(dataset))) {}

  const D& operator*() const { return *dataset_; }
  const D* operator->() const { return dataset_.get(); }
  Index size() const { return static_cast<Index>(dataset_->size()); }

 private:
  std::shared_ptr<const D> dataset_;
};

/// Some rows of another dataset, in a given order. @source torch.utils.data.Subset
template <Dataset D>
class Subset {
 public:
  /// @param dataset borrowed from an lvalue, kept from an rvalue. @param rows rows of `dataset`; a row may occur twice.
  /// @throws ValueError for a row that `dataset` does not have.
  Subset(DatasetHandle<D> dataset, std::vector<Index> rows) : dataset_(std::move(dataset)), rows_(std::move(rows)) {
    for (const Index row : rows_)
      if (row < 0 || row >= dataset_.size())
        throw ValueError(concat("[Subset] expected rows from 0 to ", dataset_.size() - 1, " but got ", row));
  }

  /// Number of rows picked.
  Index size() const { return static_cast<Index>(rows_.size()); }
  /// Example `i` of the subset.
  decltype(auto) operator[](Index i) const { return example_at(*dataset_, rows_[static_cast<std::size_t>(i)]); }
  /// Rows of the whole dataset that the subset has.
  const std::vector<Index>& rows() const { return rows_; }

 private:
  DatasetHandle<D> dataset_;
  std::vector<Index> rows_;
};

/// A subset of a named dataset points at it.
template <Dataset D>
Subset(const D&, std::vector<Index>) -> Subset<D>;
/// A subset of a temporary one owns it.
template <Dataset D>
Subset(D&&, std::vector<Index>) -> Subset<D>;

}  // namespace tempa::inline TEMPA_ABI
