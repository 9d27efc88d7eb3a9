// Layer normalization fused with the operations before it: a row is summed, normalized and written while it is in
// cache. The same bits as the separate operations.
#pragma once

#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/dropout.hpp>
#include <tempa/cpu/layer_norm.hpp>
#include <tempa/math/embedding.hpp>

#include <algorithm>
#include <cstdint>

namespace tempa::inline TEMPA_ABI::cpu {

using tempa::EmbeddingRows;

namespace detail {

/// y_i = x_i + more_i, rounded. @param y, x, more (count); y may be x.
template <Floating T>
void add_run(T* y, const T* x, const T* more, Index count) {
#pragma omp simd
  for (Index i = 0; i < count; ++i) y[i] = narrow<T>(widen(x[i]) + widen(more[i]));
}

}  // namespace detail

/// z = residual + dropout(x), y = layer_norm(z): the end of both halves of an encoder layer. Bit-equal to
/// `dropout_apply`, a sum and `layer_norm_forward` in one pass.
/// @param y, z (rows,cols); z is kept for backward; without backward it may be y. @param mean, rstd (rows), kept for
/// backward. @param x, residual (rows,cols). @param gamma, beta (cols).
template <Floating T>
void dropout_add_layer_norm_forward(Backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x,
                                    const T* residual, const T* gamma, const T* beta, Index rows, Index cols,
                                    Accumulator<T> eps, double drop_prob, RandomStream stream) {
  parallel_for(0, rows, detail::layer_norm_grain(cols), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const Index at = i * cols;
      const T* dropped = x + at;
      if (drop_prob > 0) {
        detail::dropout_run(z + at, x + at, at, cols, drop_prob, stream);
        dropped = z + at;
      }
      detail::add_run(z + at, dropped, residual + at, cols);
      detail::normalize_row(y + at, mean[i], rstd[i], z + at, gamma, beta, cols, eps);
    }
  });
}

/// dresidual = the gradient of z, dx = dropout(dresidual) with the mask of forward; dgamma, dbeta += as
/// `layer_norm_backward`.
/// @param dx, dresidual (rows,cols); the same without dropout, where both may be one array. @param dgamma, dbeta
/// (cols), or nullptr. @param dy, z (rows,cols).
template <Floating T>
void dropout_add_layer_norm_backward(Backend, T* dx, T* dresidual, T* dgamma, T* dbeta, const T* dy, const T* z,
                                     const T* gamma, const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows,
                                     Index cols, double drop_prob, RandomStream stream) {
  detail::layer_norm_backward_rows(dresidual, dgamma, dbeta, dy, z, gamma, mean, rstd, rows, cols, [=](Index at) {
    if (drop_prob > 0) {
      detail::dropout_run(dx + at, dresidual + at, at, cols, drop_prob, stream);
    } else if (dx != dresidual) {
      std::copy_n(dresidual + at, cols, dx + at);
    }
  });
}

/// z_n = word_n + type_n + position_n, y = layer_norm(z); rounded after each sum, as the sums of three lookups are.
/// @param y, z (rows,cols); z is kept for `layer_norm_backward`; without backward it may be y. @param mean, rstd
/// (rows).
/// @param gamma, beta (cols).
template <Floating T>
void embeddings_layer_norm_forward(Backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd,
                                   const EmbeddingRows<T>& word, const EmbeddingRows<T>& type,
                                   const EmbeddingRows<T>& position, const T* gamma, const T* beta, Index rows,
                                   Index cols, Accumulator<T> eps) {
  parallel_for(0, rows, detail::layer_norm_grain(cols), [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      T* const sum = z + i * cols;
      detail::add_run(sum, word.table + word.ids[i] * cols, type.table + type.ids[i] * cols, cols);
      detail::add_run(sum, sum, position.table + position.ids[i] * cols, cols);
      detail::normalize_row(y + i * cols, mean[i], rstd[i], sum, gamma, beta, cols, eps);
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
