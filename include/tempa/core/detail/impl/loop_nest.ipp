// The bodies of <tempa/core/detail/loop_nest.hpp>.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/error.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Shape broadcast_shape(std::string_view op, const Shape& a, const Shape& b) {
  Shape result;
  const Index rank = std::max(a.rank(), b.rank());
  for (Index i = rank; i > 0; --i) {
    const Index left = i <= a.rank() ? a[-i] : 1, right = i <= b.rank() ? b[-i] : 1;
    if (left != right && left != 1 && right != 1)
      throw ShapeError(concat("[", op, "] shapes ", a, " and ", b, " cannot be broadcast"));
    result.push_back(left == 1 ? right : left);
  }
  return result;
}

namespace detail {

TEMPA_INLINE std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> broadcast_strides(const Shape& shape,
                                                                                            const Shape& result) {
  std::array<Index, static_cast<std::size_t>(Shape::kMaxRank)> strides{};
  Index stride = 1;
  for (Index i = 1; i <= shape.rank(); ++i) {
    strides[static_cast<std::size_t>(result.rank() - i)] = shape[-i] == 1 ? 0 : stride;
    stride *= shape[-i];
  }
  return strides;
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI
