// The sizes of a tensor, outermost first.
#pragma once

#include <tempa/core/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Sizes, offsets and counts: signed, so that differences are safe.
using Index = std::int64_t;

/// Up to `kMaxRank` sizes of a dense row-major tensor; rank 0 is a scalar with one element.
class Shape {
 public:
  static constexpr Index kMaxRank = 8;

  Shape() = default;
  /// @throws ShapeError for a negative size, more than `kMaxRank` sizes, or a product beyond 2^63.
  Shape(std::initializer_list<Index> sizes) : Shape(std::span<const Index>(sizes.begin(), sizes.size())) {}
  explicit Shape(std::span<const Index> sizes) {
    if (sizes.size() > static_cast<std::size_t>(kMaxRank))
      throw ShapeError(concat("[Shape] expected at most ", kMaxRank, " dimensions but has ", sizes.size()));
    for (const Index size : sizes) push_back(size);
  }

  Index rank() const { return rank_; }
  /// Number of elements: the product of the sizes, 1 for a scalar.
  Index numel() const { return numel_; }

  /// Size of dimension `axis`; a negative one counts from the end. @throws ShapeError when out of range.
  Index operator[](Index axis) const { return sizes_[static_cast<std::size_t>(normalize_axis(axis))]; }

  /// `axis` with a negative one counted from the end. @throws ShapeError when outside [-rank, rank).
  Index normalize_axis(Index axis) const {
    const Index positive = axis < 0 ? axis + rank_ : axis;
    if (positive < 0 || positive >= rank_)
      throw ShapeError(concat("[Shape] axis ", axis, " is outside of shape ", to_string()));
    return positive;
  }

  const Index* begin() const { return sizes_.data(); }
  const Index* end() const { return sizes_.data() + rank_; }

  /// Appends a size. @throws ShapeError as the constructor.
  void push_back(Index size) {
    if (rank_ == kMaxRank) throw ShapeError(concat("[Shape] expected at most ", kMaxRank, " dimensions"));
    if (size < 0) throw ShapeError(concat("[Shape] sizes must not be negative but one is ", size));
    if (size != 0 && numel_ > std::numeric_limits<Index>::max() / size)
      throw ShapeError(concat("[Shape] too many elements: ", to_string(), " times ", size));
    sizes_[static_cast<std::size_t>(rank_++)] = size;
    numel_ *= size;
  }

  /// This shape with the size of `axis` replaced. @throws ShapeError when out of range.
  Shape with(Index axis, Index size) const {
    const Index changed = normalize_axis(axis);
    Shape result;
    for (Index i = 0; i < rank_; ++i) result.push_back(i == changed ? size : (*this)[i]);
    return result;
  }

  /// This shape without `axis`. @throws ShapeError when out of range.
  Shape without(Index axis) const {
    const Index removed = normalize_axis(axis);
    Shape result;
    for (Index i = 0; i < rank_; ++i)
      if (i != removed) result.push_back((*this)[i]);
    return result;
  }

  /// {rows, cols}: all dimensions but the last as rows, the last as columns; a scalar is {1, 1}.
  std::pair<Index, Index> flatten_to_2d() const {
    Index rows = 1;
    for (Index i = 0; i + 1 < rank_; ++i) rows *= (*this)[i];
    return {rows, rank_ == 0 ? 1 : (*this)[-1]};
  }

  /// "(2,3)"; "()" for a scalar.
  std::string to_string() const {
    std::string text = "(";
    for (Index i = 0; i < rank_; ++i) {
      if (i > 0) text += ',';
      text += std::to_string((*this)[i]);
    }
    return text + ")";
  }

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (Index i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }
  friend std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

 private:
  std::array<Index, kMaxRank> sizes_{};
  Index rank_ = 0;
  Index numel_ = 1;
};

/// @throws ShapeError `[op] name must have shape (…) but has (…)` unless the two are equal.
inline void check_shape(std::string_view op, std::string_view name, const Shape& actual, const Shape& expected) {
  if (!(actual == expected))
    throw ShapeError(concat("[", op, "] ", name, " must have shape ", expected, " but has ", actual));
}

/// @throws ShapeError unless `actual` has `rank` dimensions.
inline void check_rank(std::string_view op, std::string_view name, const Shape& actual, Index rank) {
  if (actual.rank() != rank)
    throw ShapeError(concat("[", op, "] ", name, " must have ", rank, " dimensions but has shape ", actual));
}

}  // namespace tempa::inline TEMPA_ABI
