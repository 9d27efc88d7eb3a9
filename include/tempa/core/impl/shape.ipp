// The bodies of <tempa/core/shape.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>

#include <limits>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Shape::Shape(std::span<const Index> sizes) {
  if (sizes.size() > static_cast<std::size_t>(kMaxRank))
    throw ShapeError(concat("[Shape] expected at most ", kMaxRank, " dimensions but has ", sizes.size()));
  for (const Index size : sizes) push_back(size);
}

TEMPA_INLINE void Shape::refuse_axis(Index axis) const {
  throw ShapeError(concat("[Shape] axis ", axis, " is outside of shape ", to_string()));
}

TEMPA_INLINE void Shape::push_back(Index size) {
  if (rank_ == kMaxRank) throw ShapeError(concat("[Shape] expected at most ", kMaxRank, " dimensions"));
  if (size < 0) throw ShapeError(concat("[Shape] sizes must not be negative but one is ", size));
  if (size != 0 && numel_ > std::numeric_limits<Index>::max() / size)
    throw ShapeError(concat("[Shape] too many elements: ", to_string(), " times ", size));
  sizes_[static_cast<std::size_t>(rank_++)] = size;
  numel_ *= size;
}

TEMPA_INLINE Shape Shape::with(Index axis, Index size) const {
  const Index changed = normalize_axis(axis);
  Shape result;
  for (Index i = 0; i < rank_; ++i) result.push_back(i == changed ? size : (*this)[i]);
  return result;
}

TEMPA_INLINE Shape Shape::without(Index axis) const {
  const Index removed = normalize_axis(axis);
  Shape result;
  for (Index i = 0; i < rank_; ++i)
    if (i != removed) result.push_back((*this)[i]);
  return result;
}

TEMPA_INLINE std::pair<Index, Index> Shape::flatten_to_2d() const {
  Index rows = 1;
  for (Index i = 0; i + 1 < rank_; ++i) rows *= (*this)[i];
  return {rows, rank_ == 0 ? 1 : (*this)[-1]};
}

TEMPA_INLINE std::string Shape::to_string() const {
  std::string text = "(";
  for (Index i = 0; i < rank_; ++i) {
    if (i > 0) text += ',';
    text += std::to_string((*this)[i]);
  }
  return text + ")";
}

TEMPA_INLINE void check_shape(std::string_view op, std::string_view name, const Shape& actual, const Shape& expected) {
  if (!(actual == expected))
    throw ShapeError(concat("[", op, "] ", name, " must have shape ", expected, " but has ", actual));
}

TEMPA_INLINE void check_rank(std::string_view op, std::string_view name, const Shape& actual, Index rank) {
  if (actual.rank() != rank)
    throw ShapeError(concat("[", op, "] ", name, " must have ", rank, " dimensions but has shape ", actual));
}

}  // namespace tempa::inline TEMPA_ABI
