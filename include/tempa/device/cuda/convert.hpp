// Launchers of kernels/convert.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i = x_i, converted as `element_cast` does. @param y, x (n).
template <Element To, Element From>
void cast(Backend backend, To* y, const From* x, Index n);

/// y_i = x_i rounded to the nearest `To`. @param y, x (n).
template <Floating To, Floating From>
void convert(Backend backend, To* y, const From* x, Index n);

/// The same for `rows` rows of `width` elements, `y_stride` and `x_stride` elements from row to row.
template <Floating To, Floating From>
void convert_rows(Backend backend, To* y, Index y_stride, const From* x, Index x_stride, Index rows, Index width);

}  // namespace tempa::inline TEMPA_ABI::cuda
