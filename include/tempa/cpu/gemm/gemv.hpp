// Products of a matrix and a vector. Every element of the result is summed by one thread in a fixed order, which
// libraries do not promise for long vectors.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>

#include <algorithm>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// sum_i a_i b_i in pieces, so that the rounding errors of a long sum stay small.
template <Floating T>
Accumulator<T> dot(const T* a, const T* b, Index n) {
  constexpr Index kPiece = 1024;
  Accumulator<T> total = 0;
  for (Index first = 0; first < n; first += kPiece) {
    const Index last = std::min(n, first + kPiece);
    Accumulator<T> sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = first; i < last; ++i) sum += widen(a[i]) * widen(b[i]);
    total += sum;
  }
  return total;
}

/// y_j = sum_i x_i a_ij for columns [begin, end) of the row-major a, at most `kGemvColumns` of them.
inline constexpr Index kGemvColumns = 64;
template <Floating T>
void combine_rows(Accumulator<T>* y, const T* a, Index lda, const T* x, Index rows, Index begin, Index end) {
  constexpr Index kPiece = 64;
  using A = Accumulator<T>;
  A sums[kGemvColumns];
  std::fill_n(y, end - begin, A(0));
  for (Index first = 0; first < rows; first += kPiece) {
    std::fill_n(sums, kGemvColumns, A(0));
    for (Index i = first; i < std::min(rows, first + kPiece); ++i)
      for (Index j = begin; j < end; ++j) sums[j - begin] += widen(x[i]) * widen(a[i * lda + j]);
    for (Index j = 0; j < end - begin; ++j) y[j] += sums[j];
  }
}

}  // namespace detail

/// y = alpha op(A) x + beta y; y is not read when beta is 0. @param y (m), `y_stride` elements apart. @param a (m,k),
/// or (k,m) when `transposed`, with `lda` elements from row to row. @param x (k), `x_stride` elements apart.
template <Floating T>
void gemv(Backend, bool transposed, Index m, Index k, Accumulator<T> alpha, const T* a, Index lda, const T* x,
          Index x_stride, Accumulator<T> beta, T* y, Index y_stride) {
  using A = Accumulator<T>;
  std::vector<T> packed;
  if (x_stride != 1) {
    packed.resize(static_cast<std::size_t>(k));
    for (Index i = 0; i < k; ++i) packed[static_cast<std::size_t>(i)] = x[i * x_stride];
    x = packed.data();
  }
  const auto put = [=](Index i, A value) {
    T& to = y[i * y_stride];
    to = narrow<T>(beta == A(0) ? alpha * value : alpha * value + beta * widen(to));
  };
  if (!transposed) {
    parallel_for(0, m, std::max<Index>(1, kElementwiseGrain / std::max<Index>(1, k)), [=](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) put(i, detail::dot(a + i * lda, x, k));
    });
    return;
  }
  const Index groups = (m + detail::kGemvColumns - 1) / detail::kGemvColumns;
  const Index work = std::max<Index>(1, detail::kGemvColumns * k);
  parallel_for(0, groups, std::max<Index>(1, kElementwiseGrain / work), [=](Index first, Index last) {
    A sums[detail::kGemvColumns];
    for (Index group = first; group < last; ++group) {
      const Index begin = group * detail::kGemvColumns, end = std::min(m, begin + detail::kGemvColumns);
      detail::combine_rows(sums, a, lda, x, k, begin, end);
      for (Index j = begin; j < end; ++j) put(j, sums[j - begin]);
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
