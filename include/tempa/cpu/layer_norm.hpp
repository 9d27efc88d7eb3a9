// Layer normalisation of rows. One row is read once into cache, then normalised; statistics are two-pass, so that a
// large mean does not cancel the variance.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

/// y = (x - mean) rstd gamma + beta, rstd = 1 / sqrt(var + eps), var over the row without Bessel's correction.
/// @param y (rows,cols). @param mean, rstd (rows), kept for backward. @param x (rows,cols). @param gamma, beta (cols).
template <Floating T>
void layer_norm_forward(Backend, T* y, T* mean, T* rstd, const T* x, const T* gamma, const T* beta, Index rows,
                        Index cols, T eps) {
  parallel_for(0, rows, std::max<Index>(1, 8192 / std::max<Index>(cols, 1)), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const T* row = x + i * cols;
      T sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
      for (Index j = 0; j < cols; ++j) sum += row[j];
      const T m = sum / static_cast<T>(cols);
#pragma omp simd reduction(+ : squares)
      for (Index j = 0; j < cols; ++j) squares += (row[j] - m) * (row[j] - m);
      const T r = T(1) / std::sqrt(squares / static_cast<T>(cols) + eps);
      T* out = y + i * cols;
      for (Index j = 0; j < cols; ++j) out[j] = (row[j] - m) * r * gamma[j] + beta[j];
      mean[i] = m;
      rstd[i] = r;
    }
  });
}

/// dx = rstd (g - mean(g) - xhat mean(g xhat)) with g = dy gamma and xhat = (x - mean) rstd; dgamma += sum_i dy xhat;
/// dbeta += sum_i dy. The sums over rows go through one partial sum for each block of rows, added in order, so that the
/// result does not depend on the number of threads.
/// @param dx (rows,cols), or nullptr. @param dgamma, dbeta (cols), or nullptr.
template <Floating T>
void layer_norm_backward(Backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma, const T* mean,
                         const T* rstd, Index rows, Index cols) {
  constexpr Index kRowsOfBlock = 64;
  const Index blocks = (rows + kRowsOfBlock - 1) / kRowsOfBlock;
  const bool parameters = dgamma != nullptr || dbeta != nullptr;
  std::vector<T> partial(parameters ? static_cast<std::size_t>(2 * blocks * cols) : 0, T(0));
  T* const sums = partial.data();  // (blocks,2,cols)
  parallel_for(0, blocks, 1, [=](Index first, Index last) {
    for (Index block = first; block < last; ++block) {
      for (Index i = block * kRowsOfBlock; i < std::min(rows, (block + 1) * kRowsOfBlock); ++i) {
        const T *row = x + i * cols, *grad = dy + i * cols;
        const T m = mean[i], r = rstd[i];
        if (parameters) {
          T *gamma_sum = sums + 2 * block * cols, *beta_sum = gamma_sum + cols;
          for (Index j = 0; j < cols; ++j) gamma_sum[j] += grad[j] * (row[j] - m) * r;
          for (Index j = 0; j < cols; ++j) beta_sum[j] += grad[j];
        }
        if (dx == nullptr) continue;
        T sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
        for (Index j = 0; j < cols; ++j) {
          const T g = grad[j] * gamma[j];
          sum += g;
          dot += g * (row[j] - m) * r;
        }
        sum /= static_cast<T>(cols);
        dot /= static_cast<T>(cols);
        T* out = dx + i * cols;
        for (Index j = 0; j < cols; ++j) out[j] = r * (grad[j] * gamma[j] - sum - (row[j] - m) * r * dot);
      }
    }
  });
  for (Index block = 0; parameters && block < blocks; ++block) {
    const T *gamma_sum = sums + 2 * block * cols, *beta_sum = gamma_sum + cols;
    if (dgamma != nullptr)
      for (Index j = 0; j < cols; ++j) dgamma[j] += gamma_sum[j];
    if (dbeta != nullptr)
      for (Index j = 0; j < cols; ++j) dbeta[j] += beta_sum[j];
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
