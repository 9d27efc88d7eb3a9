// Layer normalization of rows. One row is read once into cache, then normalized; statistics are two-pass, so that a
// large mean does not cancel the variance.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// One row of `layer_norm_forward`. @param y, row, gamma, beta (cols); y may be the row.
template <Floating T>
void normalize_row(T* y, Accumulator<T>& mean, Accumulator<T>& rstd, const T* row, const T* gamma, const T* beta,
                   Index cols, Accumulator<T> eps) {
  using A = Accumulator<T>;
  A sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
  for (Index j = 0; j < cols; ++j) sum += widen(row[j]);
  const A m = sum / static_cast<A>(cols);
#pragma omp simd reduction(+ : squares)
  for (Index j = 0; j < cols; ++j) squares += (widen(row[j]) - m) * (widen(row[j]) - m);
  const A r = A(1) / std::sqrt(squares / static_cast<A>(cols) + eps);
#pragma omp simd
  for (Index j = 0; j < cols; ++j) y[j] = narrow<T>((widen(row[j]) - m) * r * widen(gamma[j]) + widen(beta[j]));
  mean = m;
  rstd = r;
}

/// The fewest rows of a layer normalization that are worth a thread.
inline Index layer_norm_grain(Index cols) { return std::max<Index>(1, 8192 / std::max<Index>(cols, 1)); }

}  // namespace detail

/// y = (x - mean) rstd gamma + beta, rstd = 1 / sqrt(var + eps), var over the row without Bessel's correction.
/// @param y (rows,cols). @param mean, rstd (rows), kept for backward. @param x (rows,cols). @param gamma, beta (cols).
template <Floating T>
void layer_norm_forward(Backend, T* y, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x, const T* gamma,
                        const T* beta, Index rows, Index cols, Accumulator<T> eps) {
  parallel_for(0, rows, detail::layer_norm_grain(cols), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i)
      detail::normalize_row(y + i * cols, mean[i], rstd[i], x + i * cols, gamma, beta, cols, eps);
  });
}

namespace detail {

/// The row in the accumulator's type: itself, or a copy in `wide`. @param wide, row (cols).
template <Floating T>
const Accumulator<T>* widened_row([[maybe_unused]] Accumulator<T>* wide, const T* row, [[maybe_unused]] Index cols) {
  if constexpr (Real<T>) {
    return row;
  } else {
#pragma omp simd
    for (Index j = 0; j < cols; ++j) wide[j] = widen(row[j]);
    return wide;
  }
}

/// `layer_norm_backward`, which calls `after_row(begin)` when the row of dx that begins at element `begin` is complete.
template <Floating T, typename AfterRow>
void layer_norm_backward_rows(T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma,
                              const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, Index cols,
                              const AfterRow& after_row) {
  using A = Accumulator<T>;
  constexpr Index kRowsOfBlock = 64;
  const Index blocks = (rows + kRowsOfBlock - 1) / kRowsOfBlock;
  const bool parameters = dgamma != nullptr || dbeta != nullptr;
  std::vector<A> partial(parameters ? static_cast<std::size_t>(2 * blocks * cols) : 0, A(0));
  A* const sums = partial.data();  // (blocks,2,cols)
  parallel_for(0, blocks, 1, [=, &after_row](Index first, Index last) {
    std::vector<A> wide(Real<T> ? 0 : static_cast<std::size_t>(3 * cols));  // a row, its gradient and gamma
    const A* const scale = widened_row(wide.data() + (Real<T> ? 0 : 2 * cols), gamma, cols);
    for (Index block = first; block < last; ++block) {
      for (Index i = block * kRowsOfBlock; i < std::min(rows, (block + 1) * kRowsOfBlock); ++i) {
        const A* const row = widened_row(wide.data(), x + i * cols, cols);
        const A* const grad = widened_row(wide.data() + (Real<T> ? 0 : cols), dy + i * cols, cols);
        const A m = mean[i], r = rstd[i];
        if (parameters) {
          A *gamma_sum = sums + 2 * block * cols, *beta_sum = gamma_sum + cols;
#pragma omp simd
          for (Index j = 0; j < cols; ++j) {
            gamma_sum[j] += grad[j] * (row[j] - m) * r;
            beta_sum[j] += grad[j];
          }
        }
        if (dx == nullptr) continue;
        A sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
        for (Index j = 0; j < cols; ++j) {
          const A g = grad[j] * scale[j];
          sum += g;
          dot += g * (row[j] - m) * r;
        }
        sum /= static_cast<A>(cols);
        dot /= static_cast<A>(cols);
        T* out = dx + i * cols;
#pragma omp simd
        for (Index j = 0; j < cols; ++j) out[j] = narrow<T>(r * (grad[j] * scale[j] - sum - (row[j] - m) * r * dot));
        after_row(i * cols);
      }
    }
  });
  for (Index block = 1; parameters && block < blocks; ++block)
    for (Index j = 0; j < 2 * cols; ++j) sums[j] += sums[2 * block * cols + j];
  const auto add_to = [=](T* y, const A* sum) {
    for (Index j = 0; y != nullptr && j < cols; ++j) y[j] = narrow<T>(widen(y[j]) + sum[j]);
  };
  if (parameters && blocks > 0) {
    add_to(dgamma, sums);
    add_to(dbeta, sums + cols);
  }
}

}  // namespace detail

/// dx = rstd (g - mean(g) - xhat mean(g xhat)) with g = dy gamma and xhat = (x - mean) rstd; dgamma += sum_i dy xhat;
/// dbeta += sum_i dy. The sums over rows go through one partial sum for each block of rows, added in order, so that the
/// result does not depend on the number of threads.
/// @param dx (rows,cols), or nullptr. @param dgamma, dbeta (cols), or nullptr.
template <Floating T>
void layer_norm_backward(Backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma,
                         const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, Index cols) {
  detail::layer_norm_backward_rows(dx, dgamma, dbeta, dy, x, gamma, mean, rstd, rows, cols, [](Index) {});
}

}  // namespace tempa::inline TEMPA_ABI::cpu
