// Converts arrays from one floating-point type to another.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_i = x_i rounded to the nearest `To`. @param y, x (n).
template <Floating To, Floating From>
void convert(Backend, To* y, const From* x, Index n) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = element_cast<To>(x[i]);
  });
}

/// The same for `rows` rows of `width` elements, `y_stride` and `x_stride` elements from row to row.
template <Floating To, Floating From>
void convert_rows(Backend, To* y, Index y_stride, const From* x, Index x_stride, Index rows, Index width) {
  parallel_for(0, rows, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, width)), [=](Index begin, Index end) {
    for (Index r = begin; r < end; ++r)
      for (Index j = 0; j < width; ++j) y[r * y_stride + j] = element_cast<To>(x[r * x_stride + j]);
  });
}

namespace detail {

/// x in the type of sums over T. @param x (n).
template <Floating T>
Tensor<Accumulator<T>> widened(Backend backend, const T* x, Index n) {
  Tensor<Accumulator<T>> result(Shape{n});
  convert(backend, result.data(), x, n);
  return result;
}

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI::cpu
