// The bodies of <tempa/ops/detail/sum_to_shape.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE AxisSplit split_at(std::string_view op, const Shape& shape, Index axis) {
  const Index positive = axis < 0 ? axis + shape.rank() : axis;
  if (positive < 0 || positive >= shape.rank())
    throw ShapeError(concat("[", op, "] axis ", axis, " is outside of shape ", shape));
  AxisSplit split{.axis = positive};
  for (Index i = 0; i < shape.rank(); ++i)
    (i < positive ? split.outer : i > positive ? split.inner : split.middle) *= shape[i];
  return split;
}

}  // namespace tempa::inline TEMPA_ABI::detail
