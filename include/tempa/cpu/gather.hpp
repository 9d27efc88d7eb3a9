// Elements by their index. Backward sums what meets in one place in the order of the indices: a thread owns outer parts
// or columns, never single indices, so that there is neither a race nor a dependence on the number of threads.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <algorithm>
#include <concepts>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// Calls `f(o, j, columns)` for groups of columns [j, j + columns) of the outer parts o, in parallel.
template <typename F>
void for_each_slab(Index outer, Index count, Index inner, F f) {
  constexpr Index kColumns = 64;
  const Index groups = (inner + kColumns - 1) / kColumns;
  const Index work = std::max<Index>(1, count * std::min(inner, kColumns));
  parallel_for(0, outer * groups, std::max<Index>(1, kElementwiseGrain / work), [=](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const Index column = k % groups * kColumns;
      f(k / groups, column, std::min(kColumns, inner - column));
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

/// dx_o,index(k),j += dy_okj. @param dx (outer,middle,inner). @param dy (outer,count,inner). @param index (count).
template <Floating T, std::integral I>
void index_select_backward(Backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                           Index count) {
  detail::for_each_slab(outer, count, inner, [=](Index o, Index column, Index columns) {
    for (Index k = 0; k < count; ++k) {
      T* to = dx + (o * middle + index[k]) * inner + column;
      const T* from = dy + (o * count + k) * inner + column;
      for (Index j = 0; j < columns; ++j) to[j] += from[j];
    }
  });
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

/// dx_o,index(okj),j += dy_okj. @param dx (outer,middle,inner). @param dy, index (outer,count,inner).
template <Floating T, std::integral I>
void gather_backward(Backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner, Index count) {
  detail::for_each_slab(outer, count, inner, [=](Index o, Index column, Index columns) {
    for (Index k = 0; k < count; ++k)
      for (Index j = column; j < column + columns; ++j) {
        const Index at = (o * count + k) * inner + j;
        dx[(o * middle + index[at]) * inner + j] += dy[at];
      }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
