// The sizes of a tensor, outermost first.
#pragma once

#include <tempa/core/config.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
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
  explicit Shape(std::span<const Index> sizes);

  Index rank() const { return rank_; }
  /// Number of elements: the product of the sizes, 1 for a scalar.
  Index numel() const { return numel_; }

  /// Size of dimension `axis`; a negative one counts from the end. @throws ShapeError when out of range.
  Index operator[](Index axis) const { return sizes_[static_cast<std::size_t>(normalize_axis(axis))]; }

  /// `axis` with a negative one counted from the end. @throws ShapeError when outside [-rank, rank).
  Index normalize_axis(Index axis) const {
    const Index positive = axis < 0 ? axis + rank_ : axis;
    if (positive < 0 || positive >= rank_) refuse_axis(axis);
    return positive;
  }

  const Index* begin() const { return sizes_.data(); }
  const Index* end() const { return sizes_.data() + rank_; }

  /// Appends a size. @throws ShapeError as the constructor.
  void push_back(Index size);

  /// This shape with the size of `axis` replaced. @throws ShapeError when out of range.
  Shape with(Index axis, Index size) const;

  /// This shape without `axis`. @throws ShapeError when out of range.
  Shape without(Index axis) const;

  /// {rows, cols}: all dimensions but the last as rows, the last as columns; a scalar is {1, 1}.
  std::pair<Index, Index> flatten_to_2d() const;

  /// "(2,3)"; "()" for a scalar.
  std::string to_string() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (Index i = 0; i < a.rank_; ++i)
      if (a[i] != b[i]) return false;
    return true;
  }
  friend std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.to_string(); }

 private:
  [[noreturn, gnu::cold]] void refuse_axis(Index axis) const;

  std::array<Index, kMaxRank> sizes_{};
  Index rank_ = 0;
  Index numel_ = 1;
};

/// @throws ShapeError `[op] name must have shape (…) but has (…)` unless the two are equal.
void check_shape(std::string_view op, std::string_view name, const Shape& actual, const Shape& expected);

/// @throws ShapeError unless `actual` has `rank` dimensions.
void check_rank(std::string_view op, std::string_view name, const Shape& actual, Index rank);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/impl/shape.ipp>
#endif
