// The backward pass of broadcasting (a sum), and a shape split at an axis.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/reduce.hpp>
#include <tempa/tensor/tensor.hpp>

#include <string_view>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

/// A shape as (outer, middle, inner) around one axis or a run of axes.
struct AxisSplit {
  Index axis;  // from the front
  Index outer = 1;
  Index middle = 1;
  Index inner = 1;
};

/// Splits at `axis`. @throws ShapeError `[op] axis 3 is outside of shape (2,3)`.
AxisSplit split_at(std::string_view op, const Shape& shape, Index axis);

/// `gradient` summed over what broadcasting repeated, so that it has `shape`; itself when nothing was repeated.
template <Floating T>
Tensor<T> sum_to_shape(Tensor<T> gradient, const Shape& shape) {
  Shape aligned;  // `shape` with the rank of the gradient
  for (Index i = shape.rank(); i < gradient.rank(); ++i) aligned.push_back(1);
  for (const Index size : shape) aligned.push_back(size);
  for (Index end = aligned.rank(); end > 0; --end) {
    const auto repeated = [&](Index i) { return aligned[i] == 1 && gradient.size(i) != 1; };
    if (!repeated(end - 1)) continue;
    Index begin = end - 1;
    while (begin > 0 && aligned[begin - 1] == 1) --begin;
    Index outer = 1, middle = 1, inner = 1;
    Shape reduced;
    for (Index i = 0; i < gradient.rank(); ++i) {
      const bool inside = i >= begin && i < end;
      (i < begin ? outer : inside ? middle : inner) *= gradient.size(i);
      reduced.push_back(inside ? 1 : gradient.size(i));
    }
    Tensor<T> sum(reduced, gradient.device());
    on(gradient.device(), [&](auto backend) {
      sum_forward(backend, sum.data(), std::as_const(gradient).data(), outer, middle, inner, Accumulator<T>(1));
    });
    gradient = std::move(sum);
    end = begin + 1;
  }
  return gradient.reshape(shape);
}

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/detail/impl/sum_to_shape.ipp>
#endif
