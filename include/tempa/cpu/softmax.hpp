// Softmax along the middle of (outer, middle, inner): the maximum, then the exponentials and their sum, then the
// division. Rows (inner = 1) are vector loops along the row; otherwise `kSoftmaxColumns` columns are taken at once.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/math/exp.hpp>
#include <tempa/math/log.hpp>

#include <algorithm>
#include <array>

namespace tempa::inline TEMPA_ABI::cpu {

inline constexpr Index kSoftmaxColumns = 64;

namespace detail {

/// y = e^(x - max) / sum, or x - max - log(sum), for one row of n > 0 numbers.
template <bool kLog, Floating T>
void softmax_row(T* y, const T* x, Index n) {
  T max = x[0];
#pragma omp simd reduction(max : max)
  for (Index j = 0; j < n; ++j) max = max < x[j] ? x[j] : max;
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < n; ++j) {
    const T e = math::exp(x[j] - max);
    if constexpr (!kLog) y[j] = e;
    sum += e;
  }
  if constexpr (kLog) {
    const T log_sum = math::log(sum);
    for (Index j = 0; j < n; ++j) y[j] = (x[j] - max) - log_sum;
  } else {
    const T scale = T(1) / sum;
    for (Index j = 0; j < n; ++j) y[j] *= scale;
  }
}

/// The same down `columns` columns of n > 0 numbers that are `stride` apart.
template <bool kLog, Floating T>
void softmax_columns(T* y, const T* x, Index n, Index stride, Index columns) {
  std::array<T, static_cast<std::size_t>(kSoftmaxColumns)> max, sum{};
  T* const m = max.data();
  T* const s = sum.data();
  std::copy_n(x, columns, m);
  for (Index i = 1; i < n; ++i)
    for (Index j = 0; j < columns; ++j) m[j] = m[j] < x[i * stride + j] ? x[i * stride + j] : m[j];
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const T e = math::exp(x[i * stride + j] - m[j]);
      if constexpr (!kLog) y[i * stride + j] = e;
      s[j] += e;
    }
  for (Index j = 0; j < columns; ++j) s[j] = kLog ? math::log(s[j]) : T(1) / s[j];
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      T& result = y[i * stride + j];
      result = kLog ? (x[i * stride + j] - m[j]) - s[j] : result * s[j];
    }
}

/// dx = y (dy - sum y dy), or dy - e^y sum dy, for one row.
template <bool kLog, Floating T>
void softmax_row_backward(T* dx, const T* dy, const T* y, Index n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < n; ++j) sum += kLog ? dy[j] : dy[j] * y[j];
  for (Index j = 0; j < n; ++j) {
    if constexpr (kLog) {
      dx[j] = dy[j] - math::exp(y[j]) * sum;
    } else {
      dx[j] = y[j] * (dy[j] - sum);
    }
  }
}

template <bool kLog, Floating T>
void softmax_columns_backward(T* dx, const T* dy, const T* y, Index n, Index stride, Index columns) {
  std::array<T, static_cast<std::size_t>(kSoftmaxColumns)> sum{};
  T* const s = sum.data();
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const Index at = i * stride + j;
      s[j] += kLog ? dy[at] : dy[at] * y[at];
    }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const Index at = i * stride + j;
      if constexpr (kLog) {
        dx[at] = dy[at] - math::exp(y[at]) * s[j];
      } else {
        dx[at] = y[at] * (dy[at] - s[j]);
      }
    }
}

/// Calls `f(offset, columns)` for every group of columns of (outer, middle, inner), in parallel.
template <typename F>
void for_each_column_group(Index outer, Index middle, Index inner, F f) {
  const Index groups = (inner + kSoftmaxColumns - 1) / kSoftmaxColumns;
  const Index work = std::max<Index>(1, middle * std::min(inner, kSoftmaxColumns));
  parallel_for(0, outer * groups, std::max<Index>(1, kElementwiseGrain / 4 / work), [=](Index begin, Index end) {
    for (Index k = begin; k < end; ++k) {
      const Index column = k % groups * kSoftmaxColumns;
      f(k / groups * middle * inner + column, std::min(kSoftmaxColumns, inner - column));
    }
  });
}

template <bool kLog, Floating T>
void softmax_forward(T* y, const T* x, Index outer, Index middle, Index inner) {
  if (middle == 0) return;
  for_each_column_group(outer, middle, inner, [=](Index offset, Index columns) {
    if (inner == 1) {
      softmax_row<kLog>(y + offset, x + offset, middle);
    } else {
      softmax_columns<kLog>(y + offset, x + offset, middle, inner, columns);
    }
  });
}

template <bool kLog, Floating T>
void softmax_backward(T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner) {
  for_each_column_group(outer, middle, inner, [=](Index offset, Index columns) {
    if (inner == 1) {
      softmax_row_backward<kLog>(dx + offset, dy + offset, y + offset, middle);
    } else {
      softmax_columns_backward<kLog>(dx + offset, dy + offset, y + offset, middle, inner, columns);
    }
  });
}

}  // namespace detail

/// y_oij = e^(x_oij) / sum_i e^(x_oij). @param y, x (outer,middle,inner).
template <Floating T>
void softmax_forward(Backend, T* y, const T* x, Index outer, Index middle, Index inner) {
  detail::softmax_forward<false>(y, x, outer, middle, inner);
}

/// dx = y (dy - sum_i y dy). @param dx, dy, y (outer,middle,inner).
template <Floating T>
void softmax_backward(Backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner) {
  detail::softmax_backward<false>(dx, dy, y, outer, middle, inner);
}

/// y_oij = x_oij - log sum_i e^(x_oij). @param y, x (outer,middle,inner).
template <Floating T>
void log_softmax_forward(Backend, T* y, const T* x, Index outer, Index middle, Index inner) {
  detail::softmax_forward<true>(y, x, outer, middle, inner);
}

/// dx = dy - e^y sum_i dy. @param dx, dy, y (outer,middle,inner).
template <Floating T>
void log_softmax_backward(Backend, T* dx, const T* dy, const T* y, Index outer, Index middle, Index inner) {
  detail::softmax_backward<true>(dx, dy, y, outer, middle, inner);
}

}  // namespace tempa::inline TEMPA_ABI::cpu
