// NumPy's broadcasting rules, and loops over operands that are broadcast, transposed or slices.
#pragma once

#include <tempa/core/shape.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// The common shape of `a` and `b`: aligned at the last dimension, sizes must be equal or one of them 1.
/// @throws ShapeError `[op] shapes (2,3) and (2,4) cannot be broadcast`.
Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b);

/// Nested loops over a contiguous row-major result and `kOperands` operands that have a stride, 0 where they are
/// broadcast, in each dimension. Dimensions that are contiguous in all operands are joined, so that simple cases become
/// few long loops.
template <std::size_t kOperands>
class LoopNest {
 public:
  using Strides = std::array<Index, kOperands>;

  /// Adds a dimension inside the present ones.
  void push_back(Index size, const Strides& strides) {
    if (size == 1) return;
    bool joins = rank_ > 0;
    for (std::size_t k = 0; joins && k < kOperands; ++k) joins = strides_[rank_ - 1][k] == strides[k] * size;
    if (joins) --rank_;
    sizes_[rank_] = joins ? sizes_[rank_] * size : size;
    strides_[rank_++] = strides;
  }

  /// Number of joined dimensions; 0 for a single element.
  std::size_t rank() const { return rank_; }
  Index size(std::size_t dimension) const { return sizes_[dimension]; }
  const Strides& strides(std::size_t dimension) const { return strides_[dimension]; }

  /// Strides of the innermost loop; all 1 for a single element.
  Strides inner_strides() const {
    if (rank_ > 0) return strides_[rank_ - 1];
    Strides ones;
    ones.fill(1);
    return ones;
  }

  /// Calls `f(i, offsets, count)` for the runs of the innermost dimension that make up elements [begin, end) of the
  /// result: `count` elements from element i on, whose operands start at `offsets`.
  template <typename F>
  void for_each_run(Index begin, Index end, F&& f) const {
    if (begin >= end) return;
    if (rank_ == 0) return f(begin, Strides{}, Index{1});
    std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> position{};
    Strides offsets{};
    Index rest = begin;
    for (std::size_t d = rank_; d-- > 0;) {
      position[d] = rest % sizes_[d];
      rest /= sizes_[d];
      for (std::size_t k = 0; k < kOperands; ++k) offsets[k] += position[d] * strides_[d][k];
    }
    const std::size_t inner = rank_ - 1;
    for (Index i = begin; i < end;) {
      const Index count = std::min(sizes_[inner] - position[inner], end - i);
      f(i, static_cast<const Strides&>(offsets), count);
      i += count;
      move(inner, count, position, offsets);
      for (std::size_t d = inner; d > 0 && position[d] == sizes_[d]; --d) {
        move(d, -sizes_[d], position, offsets);
        move(d - 1, 1, position, offsets);
      }
    }
  }

 private:
  template <typename Position>
  void move(std::size_t dimension, Index steps, Position& position, Strides& offsets) const {
    position[dimension] += steps;
    for (std::size_t k = 0; k < kOperands; ++k) offsets[k] += steps * strides_[dimension][k];
  }

  static constexpr auto kMaxRank = static_cast<std::size_t>(Shape::kMaxRank);
  std::array<Index, kMaxRank> sizes_{};
  std::array<Strides, kMaxRank> strides_{};
  std::size_t rank_ = 0;
};

namespace detail {

/// Strides of a contiguous tensor of `shape` in the dimensions of `result`, to which it broadcasts.
std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> broadcast_strides(const Shape& shape, const Shape& result);

}  // namespace detail

/// The loops over `result` for contiguous operands of shapes that broadcast to it.
template <typename... Shapes>
LoopNest<sizeof...(Shapes)> broadcast_nest(const Shape& result, const Shapes&... shapes) {
  const std::array<std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)>, sizeof...(Shapes)> strides{
      detail::broadcast_strides(shapes, result)...};
  LoopNest<sizeof...(Shapes)> nest;
  for (Index d = 0; d < result.rank(); ++d) {
    typename LoopNest<sizeof...(Shapes)>::Strides of_dimension;
    for (std::size_t k = 0; k < sizeof...(Shapes); ++k) of_dimension[k] = strides[k][static_cast<std::size_t>(d)];
    nest.push_back(result[d], of_dimension);
  }
  return nest;
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/detail/impl/loop_nest.ipp>
#endif
