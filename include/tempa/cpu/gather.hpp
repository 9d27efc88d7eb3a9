// Selects elements by index. Backward sums the gradients of one element in the order of the indices: a thread owns
// outer parts or columns, never single indices, so that there are no races and the number of threads does not matter.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/simd/convert.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// Columns of a group of `for_each_slab` at most.
inline constexpr Index kSlabColumns = 64;

/// Calls `f(o, j, columns)` for groups of columns [j, j + columns) of the outer parts o, in parallel.
template <typename F>
void for_each_slab(Index outer, Index count, Index inner, F f) {
  const Index groups = (inner + kSlabColumns - 1) / kSlabColumns;
  const Index work = std::max<Index>(1, count * std::min(inner, kSlabColumns));
  parallel_for(0, outer * groups, std::max<Index>(1, kElementwiseGrain / work), [=](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const Index column = k % groups * kSlabColumns;
      f(k / groups, column, std::min(kSlabColumns, inner - column));
    }
  });
}

/// The backward of `index_select` for 16-bit types: the gradients of one row are summed in float, in order.
template <Floating T, std::integral I>
void index_select_backward_sorted(T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                                  Index count) {
  std::vector<Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), [index](Index a, Index b) { return index[a] < index[b]; });
  for_each_slab(outer, count, inner, [=, &order](Index o, Index column, Index columns) {
    Accumulator<T> sum[kSlabColumns];
    for (auto k = order.begin(); k != order.end();) {
      const Index row = index[*k];
      T* to = dx + (o * middle + row) * inner + column;
      for (Index j = 0; j < columns; ++j) sum[j] = widen(to[j]);
      for (; k != order.end() && index[*k] == row; ++k) {
        const T* from = dy + (o * count + *k) * inner + column;
        for (Index j = 0; j < columns; ++j) sum[j] += widen(from[j]);
      }
      for (Index j = 0; j < columns; ++j) to[j] = narrow<T>(sum[j]);
    }
  });
}

}  // namespace detail

/// y_okj = x_o,index(k),j. @param y (outer,count,inner). @param x (outer,middle,inner). @param index (count).
template <Floating T, std::integral I>
void index_select_forward(Backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner,
                          Index count) {
  const Index grain = std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, inner));
  parallel_for(0, outer * count, grain, [=](Index begin, Index end) {
    for (Index r = begin; r < end; ++r)
      std::copy_n(x + (r / count * middle + index[r % count]) * inner, inner, y + r * inner);
  });
}

/// dx_o,index(k),j += dy_okj; a 16-bit sum is rounded once. @param dx (outer,middle,inner).
/// @param dy (outer,count,inner). @param index (count).
template <Floating T, std::integral I>
void index_select_backward(Backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                           Index count) {
  if constexpr (!Real<T>) {
    detail::index_select_backward_sorted(dx, dy, index, outer, middle, inner, count);
  } else {
    detail::for_each_slab(outer, count, inner, [=](Index o, Index column, Index columns) {
      for (Index k = 0; k < count; ++k) {
        T* to = dx + (o * middle + index[k]) * inner + column;
        const T* from = dy + (o * count + k) * inner + column;
        for (Index j = 0; j < columns; ++j) to[j] += from[j];
      }
    });
  }
}

/// y_okj = x_o,index(okj),j. @param y, index (outer,count,inner). @param x (outer,middle,inner).
template <Floating T, std::integral I>
void gather_forward(Backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner, Index count) {
  detail::for_each_slab(outer, count, inner, [=](Index o, Index column, Index columns) {
    for (Index k = 0; k < count; ++k)
      for (Index j = column; j < column + columns; ++j) {
        const Index at = (o * count + k) * inner + j;
        y[at] = x[(o * middle + index[at]) * inner + j];
      }
  });
}

/// dx_o,index(okj),j += dy_okj; a 16-bit sum is rounded once. @param dx (outer,middle,inner).
/// @param dy, index (outer,count,inner).
template <Floating T, std::integral I>
void gather_backward(Backend backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                     Index count) {
  if constexpr (!Real<T>) {
    auto wide = detail::widened(backend, dx, outer * middle * inner);
    const auto wide_dy = detail::widened(backend, dy, outer * count * inner);
    gather_backward(backend, wide.data(), wide_dy.data(), index, outer, middle, inner, count);
    convert(backend, dx, std::as_const(wide).data(), wide.numel());
  } else {
    detail::for_each_slab(outer, count, inner, [=](Index o, Index column, Index columns) {
      for (Index k = 0; k < count; ++k)
        for (Index j = column; j < column + columns; ++j) {
          const Index at = (o * count + k) * inner + j;
          dx[(o * middle + index[at]) * inner + j] += dy[at];
        }
    });
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
