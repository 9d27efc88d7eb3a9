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

/// Whether y can store e^(x - max) between the passes: a 16-bit y would round it, so the exponential is computed again.
template <bool kLog, Floating T>
inline constexpr bool keeps_exponentials = !kLog && Real<T>;

/// y = e^(x - max) / sum, or x - max - log(sum), for one row of n > 0 numbers.
template <bool kLog, Floating T>
void softmax_row(T* y, const T* x, Index n) {
  using A = Accumulator<T>;
  A max = widen(x[0]);
#pragma omp simd reduction(max : max)
  for (Index j = 0; j < n; ++j) max = max < widen(x[j]) ? widen(x[j]) : max;
  A sum = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < n; ++j) {
    const A e = math::exp(widen(x[j]) - max);
    if constexpr (keeps_exponentials<kLog, T>) y[j] = e;
    sum += e;
  }
  const A scale = A(1) / sum;
  if constexpr (kLog) {
    const A log_sum = math::log(sum);
    for (Index j = 0; j < n; ++j) y[j] = narrow<T>((widen(x[j]) - max) - log_sum);
  } else if constexpr (keeps_exponentials<kLog, T>) {
    for (Index j = 0; j < n; ++j) y[j] *= scale;
  } else {
    for (Index j = 0; j < n; ++j) y[j] = narrow<T>(math::exp(widen(x[j]) - max) * scale);
  }
}

/// The same down `columns` columns of n > 0 numbers that are `stride` apart.
template <bool kLog, Floating T>
void softmax_columns(T* y, const T* x, Index n, Index stride, Index columns) {
  using A = Accumulator<T>;
  std::array<A, static_cast<std::size_t>(kSoftmaxColumns)> max, sum{};
  A* const m = max.data();
  A* const s = sum.data();
  for (Index j = 0; j < columns; ++j) m[j] = widen(x[j]);
  for (Index i = 1; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const A value = widen(x[i * stride + j]);
      m[j] = m[j] < value ? value : m[j];
    }
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const A e = math::exp(widen(x[i * stride + j]) - m[j]);
      if constexpr (keeps_exponentials<kLog, T>) y[i * stride + j] = e;
      s[j] += e;
    }
  for (Index j = 0; j < columns; ++j) s[j] = kLog ? math::log(s[j]) : A(1) / s[j];
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const A shifted = widen(x[i * stride + j]) - m[j];
      T& result = y[i * stride + j];
      if constexpr (kLog) {
        result = narrow<T>(shifted - s[j]);
      } else if constexpr (keeps_exponentials<kLog, T>) {
        result *= s[j];
      } else {
        result = narrow<T>(math::exp(shifted) * s[j]);
      }
    }
}

/// dx = y (dy - sum y dy), or dy - e^y sum dy, for one element.
template <bool kLog, Real A>
A softmax_gradient(A dy, A y, A sum) {
  if constexpr (kLog) {
    return dy - math::exp(y) * sum;
  } else {
    return y * (dy - sum);
  }
}

/// The factor that makes the probabilities y sum to 1 again after they were rounded to 16 bits; 1 for what was not.
template <bool kLog, Floating T>
Accumulator<T> renormalization(Accumulator<T> y_sum) {
  return kLog || Real<T> ? Accumulator<T>(1) : Accumulator<T>(1) / y_sum;
}

/// The same for one row.
template <bool kLog, Floating T>
void softmax_row_backward(T* dx, const T* dy, const T* y, Index n) {
  using A = Accumulator<T>;
  A sum = 0, y_sum = 0;
#pragma omp simd reduction(+ : sum, y_sum)
  for (Index j = 0; j < n; ++j) {
    sum += kLog ? widen(dy[j]) : widen(dy[j]) * widen(y[j]);
    if constexpr (!kLog && !Real<T>) y_sum += widen(y[j]);
  }
  const A scale = renormalization<kLog, T>(y_sum);
  for (Index j = 0; j < n; ++j)
    dx[j] = narrow<T>(softmax_gradient<kLog>(widen(dy[j]), scale * widen(y[j]), scale * sum));
}

template <bool kLog, Floating T>
void softmax_columns_backward(T* dx, const T* dy, const T* y, Index n, Index stride, Index columns) {
  using A = Accumulator<T>;
  std::array<A, static_cast<std::size_t>(kSoftmaxColumns)> sum{}, y_sum{};
  A *const s = sum.data(), *const r = y_sum.data();
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const Index at = i * stride + j;
      s[j] += kLog ? widen(dy[at]) : widen(dy[at]) * widen(y[at]);
      if constexpr (!kLog && !Real<T>) r[j] += widen(y[at]);
    }
  for (Index j = 0; j < columns; ++j) r[j] = renormalization<kLog, T>(r[j]);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < columns; ++j) {
      const Index at = i * stride + j;
      dx[at] = narrow<T>(softmax_gradient<kLog>(widen(dy[at]), r[j] * widen(y[at]), r[j] * s[j]));
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

/// dx = y (dy - sum_i y dy), where a 16-bit y is scaled so that its sum is 1. @param dx, dy, y (outer,middle,inner).
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
