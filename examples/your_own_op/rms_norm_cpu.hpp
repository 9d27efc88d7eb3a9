// The CPU side of the operation, forward and backward. The CUDA side, rms_norm_cuda.hpp, has functions of the same
// names and arguments, whose first one is a tempa::cuda::Backend.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

#include <cmath>

/// @param y (N,C). @param rstd (N) saved for backward. @param x (N,C). @param gamma (C).
template <tempa::Real T>
void rms_norm_forward(tempa::cpu::Backend, T* y, T* rstd, const T* x, const T* gamma, tempa::Index rows,
                      tempa::Index cols, T eps) {
  tempa::parallel_for(0, rows, 16, [=](tempa::Index begin, tempa::Index end) {
    for (tempa::Index i = begin; i < end; ++i) {
      T squares = 0;
      for (tempa::Index c = 0; c < cols; ++c) squares += x[i * cols + c] * x[i * cols + c];
      rstd[i] = T(1) / std::sqrt(squares / static_cast<T>(cols) + eps);
      for (tempa::Index c = 0; c < cols; ++c) y[i * cols + c] = x[i * cols + c] * rstd[i] * gamma[c];
    }
  });
}

/// With xhat = x rstd and g = dy gamma: dx = rstd (g - xhat mean(g xhat)), dgamma += sum of dy xhat over the rows.
/// @param dx (N,C). @param dgamma (C), or nullptr.
template <tempa::Real T>
void rms_norm_backward(tempa::cpu::Backend, T* dx, T* dgamma, const T* dy, const T* x, const T* gamma, const T* rstd,
                       tempa::Index rows, tempa::Index cols) {
  tempa::parallel_for(0, rows, 16, [=](tempa::Index begin, tempa::Index end) {
    for (tempa::Index i = begin; i < end; ++i) {
      const T *g = dy + i * cols, *xi = x + i * cols;
      T dot = 0;
      for (tempa::Index c = 0; c < cols; ++c) dot += g[c] * gamma[c] * xi[c] * rstd[i];
      dot /= static_cast<T>(cols);
      for (tempa::Index c = 0; c < cols; ++c) dx[i * cols + c] = rstd[i] * (g[c] * gamma[c] - xi[c] * rstd[i] * dot);
    }
  });
  if (dgamma == nullptr) return;
  for (tempa::Index i = 0; i < rows; ++i)  // one thread, in order: the same bits for any number of threads
    for (tempa::Index c = 0; c < cols; ++c) dgamma[c] += dy[i * cols + c] * x[i * cols + c] * rstd[i];
}
