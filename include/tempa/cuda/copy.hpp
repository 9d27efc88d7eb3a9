// Launchers of kernels/copy.cu.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_rj = x_rj for `rows` rows of `width` elements, `y_stride` and `x_stride` elements from row to row.
template <Element T>
void copy_rows(Backend backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width);

/// y_rj += x_rj, as `copy_rows`.
template <Floating T>
void add_rows(Backend backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width);

/// y_ij = b_j, to which a product with beta = 1 is then added. @param y (rows,cols). @param b (cols).
template <Floating T>
void broadcast_rows(Backend backend, T* y, const T* b, Index rows, Index cols);

/// y_i = x at the offset of element i, for n elements: x transposed or repeated.
/// @param nest how x runs along y.
template <Element T>
void copy_nest(Backend backend, T* y, const T* x, const LoopNest<1>& nest, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
