// Copies of dense arrays and of their parts, transposes and repetitions.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_rj = x_rj for `rows` rows of `width` elements, `y_stride` and `x_stride` elements from row to row.
template <Element T>
void copy_rows(Backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width) {
  parallel_for(0, rows, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, width)), [=](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) std::copy_n(x + r * x_stride, width, y + r * y_stride);
  });
}

/// y_rj += x_rj, as `copy_rows`.
template <Floating T>
void add_rows(Backend, T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index width) {
  parallel_for(0, rows, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, width)), [=](Index begin, Index end) {
    for (Index r = begin; r < end; ++r)
      for (Index j = 0; j < width; ++j) {
        T& to = y[r * y_stride + j];
        to = narrow<T>(widen(to) + widen(x[r * x_stride + j]));
      }
  });
}

/// y_ij = b_j: what a product with beta = 1 then adds to. @param y (rows,cols). @param b (cols).
template <Floating T>
void broadcast_rows(Backend, T* y, const T* b, Index rows, Index cols) {
  parallel_for(0, rows, std::max<Index>(1, 32768 / std::max<Index>(cols, 1)), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) std::copy_n(b, cols, y + i * cols);
  });
}

namespace detail {

/// y_rc = x_cr: rows of y are `y_stride` apart, rows of x `x_stride`. Tiles are copied through a buffer, so that every
/// cache line of x and y is read once even where a stride maps all of them to the same few cache sets.
template <Element T>
void transpose(T* y, Index y_stride, const T* x, Index x_stride, Index rows, Index cols) {
  constexpr Index kTile = 16;
  T tile[kTile][kTile];
  for (Index r0 = 0; r0 < rows; r0 += kTile)
    for (Index c0 = 0; c0 < cols; c0 += kTile) {
      const Index height = std::min(kTile, rows - r0), width = std::min(kTile, cols - c0);
      for (Index c = 0; c < width; ++c) std::copy_n(x + (c0 + c) * x_stride + r0, height, tile[c]);
      for (Index r = 0; r < height; ++r)
        for (Index c = 0; c < width; ++c) y[(r0 + r) * y_stride + c0 + c] = tile[c][r];
    }
}

}  // namespace detail

/// y_i = x at the offset of element i, for n elements: x transposed or repeated.
/// @param nest how x runs along y; where its innermost stride is neither 0 nor 1, blocks are transposed.
template <Element T>
void copy_nest(Backend, T* y, const T* x, const LoopNest<1>& nest, Index n) {
  const Index inner = nest.inner_strides()[0];
  if (inner == 0 || inner == 1) {
    parallel_for(0, n, kElementwiseGrain, [=, &nest](Index begin, Index end) {
      nest.for_each_run(begin, end, [=](Index i, const LoopNest<1>::Strides& offsets, Index count) {
        if (inner == 1) {
          std::copy_n(x + offsets[0], count, y + i);
        } else {
          std::fill_n(y + i, count, x[offsets[0]]);
        }
      });
    });
    return;
  }
  const std::size_t last = nest.rank() - 1;
  std::size_t fast = last;  // the dimension in which x is contiguous, if there is one
  LoopNest<2> others;       // strides in y and in x
  Index y_stride = n, fast_stride = 1, blocks = 1;
  for (std::size_t d = 0; d < nest.rank(); ++d)
    if (nest.strides(d)[0] == 1) fast = d;
  for (std::size_t d = 0; d < nest.rank(); ++d) {
    y_stride /= std::max<Index>(1, nest.size(d));
    if (d == fast) fast_stride = y_stride;
    if (d == fast || d == last) continue;
    others.push_back(nest.size(d), {y_stride, nest.strides(d)[0]});
    blocks *= nest.size(d);
  }
  const Index cols = nest.size(last), rows = fast == last ? 1 : nest.size(fast);
  const auto steps = others.inner_strides();
  const Index grain = std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, rows * cols));
  parallel_for(0, n == 0 ? 0 : blocks, grain, [=, &others](Index begin, Index end) {
    others.for_each_run(begin, end, [=](Index, const LoopNest<2>::Strides& offsets, Index count) {
      for (Index b = 0; b < count; ++b)
        detail::transpose(y + offsets[0] + b * steps[0], fast_stride, x + offsets[1] + b * steps[1], inner, rows, cols);
    });
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
