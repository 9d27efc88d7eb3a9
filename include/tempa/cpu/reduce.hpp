// Sums over the rows of a matrix; sums and maxima along the middle of (outer, middle, inner). Work is cut into blocks
// whose size does not depend on the number of threads, and their partial results are joined in order.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <algorithm>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// y_j = sum over `rows` of x, each `inner` wide. A long single column goes through vector sums of short pieces.
template <Floating T>
void sum_rows(Accumulator<T>* y, const T* x, Index rows, Index inner) {
  if (inner == 1) {
    Accumulator<T> sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < rows; ++i) sum += widen(x[i]);
    *y = sum;
    return;
  }
  std::fill_n(y, inner, Accumulator<T>(0));
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < inner; ++j) y[j] += widen(x[i * inner + j]);
}

}  // namespace detail

/// y_oj = scale sum_i x_oij, rounded to a 16-bit type once. @param y (outer,inner). @param x (outer,middle,inner).
template <Floating T>
void sum_forward(Backend, T* y, const T* x, Index outer, Index middle, Index inner, Accumulator<T> scale) {
  using A = Accumulator<T>;
  const Index rows_of_block = inner == 1 ? 4096 : std::max<Index>(64, 4096 / std::max<Index>(inner, 1));
  const Index blocks = std::max<Index>(1, (middle + rows_of_block - 1) / rows_of_block);
  const bool has_partial = blocks > 1 || !Real<T>;
  std::vector<A> partial(has_partial ? static_cast<std::size_t>(outer * blocks * inner) : 0);
  A* sums = partial.data();  // (outer,blocks,inner)
  if constexpr (Real<T>) {
    if (!has_partial) sums = y;
  }
  const Index work = std::max<Index>(1, std::min(middle, rows_of_block) * inner);
  parallel_for(0, outer * blocks, std::max<Index>(1, kElementwiseGrain / work), [=](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const Index row = k % blocks * rows_of_block;
      detail::sum_rows(sums + k * inner, x + (k / blocks * middle + row) * inner, std::min(rows_of_block, middle - row),
                       inner);
    }
  });
  if constexpr (Real<T>) {
    for (Index o = 0; o < outer && blocks > 1; ++o)
      detail::sum_rows(y + o * inner, sums + o * blocks * inner, blocks, inner);
    if (scale != A(1))
      for (Index i = 0; i < outer * inner; ++i) y[i] *= scale;
  } else {
    for (Index o = 0; o < outer; ++o) {
      A* const sum = sums + o * blocks * inner;
      for (Index block = 1; block < blocks; ++block)
        for (Index j = 0; j < inner; ++j) sum[j] += sum[block * inner + j];
      for (Index j = 0; j < inner; ++j) y[o * inner + j] = narrow<T>(scale * sum[j]);
    }
  }
}

/// dx_oij = scale dy_oj. @param dx (outer,middle,inner). @param dy (outer,inner).
template <Floating T>
void sum_backward(Backend, T* dx, const T* dy, Index outer, Index middle, Index inner, Accumulator<T> scale) {
  if (inner == 1) {
    parallel_for(0, outer * middle, kElementwiseGrain, [=](Index begin, Index end) {
      for (Index i = begin; i < end;) {
        const Index last = std::min(end, (i / middle + 1) * middle);
        std::fill(dx + i, dx + last, narrow<T>(scale * widen(dy[i / middle])));
        i = last;
      }
    });
    return;
  }
  parallel_for(0, outer * middle, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, inner)),
               [=](Index begin, Index end) {
                 for (Index row = begin; row < end; ++row) {
                   const T* from = dy + row / middle * inner;
                   for (Index j = 0; j < inner; ++j) dx[row * inner + j] = narrow<T>(scale * widen(from[j]));
                 }
               });
}

namespace detail {

/// The index of the first of the largest of n > 0 numbers, or of the first NaN: a vector loop for the maximum, then a
/// search.
template <Floating T>
Index place_of_max(const T* x, Index n) {
  Accumulator<T> max = widen(x[0]);
  unsigned has_nan = 0;
#pragma omp simd reduction(max : max) reduction(| : has_nan)
  for (Index i = 0; i < n; ++i) {
    const auto value = widen(x[i]);
    max = max < value ? value : max;
    has_nan |= value != value ? 1u : 0u;
  }
  if (has_nan != 0) return std::find_if(x, x + n, [](T value) { return widen(value) != widen(value); }) - x;
  return std::find_if(x, x + n, [max](T value) { return widen(value) == max; }) - x;
}

}  // namespace detail

/// y_oj = max_i x_oij, and the first i where it is; a NaN counts as the largest.
/// @param y, where (outer,inner). @param x (outer,middle,inner), middle > 0.
template <Floating T>
void max_forward(Backend, T* y, Index* where, const T* x, Index outer, Index middle, Index inner) {
  parallel_for(0, outer, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, middle * inner)),
               [=](Index begin, Index end) {
                 for (Index o = begin; o < end; ++o) {
                   T* best = y + o * inner;
                   Index* at = where + o * inner;
                   if (inner == 1) {
                     *at = detail::place_of_max(x + o * middle, middle);
                     *best = x[o * middle + *at];
                     continue;
                   }
                   std::copy_n(x + o * middle * inner, inner, best);
                   std::fill_n(at, inner, Index{0});
                   for (Index i = 1; i < middle; ++i) {
                     const T* row = x + (o * middle + i) * inner;
                     for (Index j = 0; j < inner; ++j) {
                       const auto value = widen(row[j]), largest = widen(best[j]);
                       const bool larger = value > largest || (value != value && largest == largest);
                       best[j] = larger ? row[j] : best[j];
                       at[j] = larger ? i : at[j];
                     }
                   }
                 }
               });
}

/// dx_oij = dy_oj where i is the place of the maximum, else 0. @param dx (outer,middle,inner). @param dy, where
/// (outer,inner).
template <Floating T>
void max_backward(Backend, T* dx, const T* dy, const Index* where, Index outer, Index middle, Index inner) {
  parallel_for(0, outer, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, middle * inner)),
               [=](Index begin, Index end) {
                 std::fill(dx + begin * middle * inner, dx + end * middle * inner, T{});
                 for (Index o = begin; o < end; ++o)
                   for (Index j = 0; j < inner; ++j)
                     dx[(o * middle + where[o * inner + j]) * inner + j] = dy[o * inner + j];
               });
}

/// y_j += sum_i x_ij, summed before it is added. Every thread owns whole columns, so that the order of the sum does not
/// depend on their number.
/// @param y (cols). @param x (rows,cols).
template <Floating T>
void column_sum_accumulate(Backend, T* y, const T* x, Index rows, Index cols) {
  constexpr Index kColumns = 64;  // whose sums are kept in registers or cache
  parallel_for(0, (cols + kColumns - 1) / kColumns, 1, [=](Index first, Index last) {
    for (Index begin = first * kColumns; begin < std::min(cols, last * kColumns); begin += kColumns) {
      const Index count = std::min(kColumns, cols - begin);
      Accumulator<T> sum[kColumns] = {};
      for (Index i = 0; i < rows; ++i)
        for (Index j = 0; j < count; ++j) sum[j] += widen(x[i * cols + begin + j]);
      for (Index j = 0; j < count; ++j) y[begin + j] = narrow<T>(widen(y[begin + j]) + sum[j]);
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
