// Launchers of kernels/layer_norm_fused.cu: layer normalization fused with the operations before it.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/embedding.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

using tempa::EmbeddingRows;

/// z = residual + dropout(x), y = layer_norm(z): the end of both halves of an encoder layer. Bit-equal to
/// `dropout_apply`, a sum and `layer_norm_forward` in one pass.
/// @param y, z (rows,cols); z is kept for backward; without backward it may be y. @param mean, rstd (rows), kept for
/// backward. @param x, residual (rows,cols). @param gamma, beta (cols).
template <Floating T>
void dropout_add_layer_norm_forward(Backend backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x,
                                    const T* residual, const T* gamma, const T* beta, Index rows, Index cols,
                                    Accumulator<T> eps, double drop_prob, RandomStream stream);

/// dresidual = the gradient of z, dx = dropout(dresidual) with the mask of forward; dgamma, dbeta += as
/// `layer_norm_backward`.
/// @param dx, dresidual (rows,cols); the same without dropout, where both may be one array. @param dgamma, dbeta
/// (cols), or nullptr. @param dy, z (rows,cols).
template <Floating T>
void dropout_add_layer_norm_backward(Backend backend, T* dx, T* dresidual, T* dgamma, T* dbeta, const T* dy, const T* z,
                                     const T* gamma, const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows,
                                     Index cols, double drop_prob, RandomStream stream);

/// z_n = word_n + type_n + position_n, y = layer_norm(z); rounded after each sum, as the sums of three lookups are.
/// @param y, z (rows,cols); z is kept for `layer_norm_backward`, whose dx goes to `index_select_backward` of each
/// table; without backward it may be y.
/// @param mean, rstd (rows). @param gamma, beta (cols).
template <Floating T>
void embeddings_layer_norm_forward(Backend backend, T* y, T* z, Accumulator<T>* mean, Accumulator<T>* rstd,
                                   const EmbeddingRows<T>& word, const EmbeddingRows<T>& type,
                                   const EmbeddingRows<T>& position, const T* gamma, const T* beta, Index rows,
                                   Index cols, Accumulator<T> eps);

}  // namespace tempa::inline TEMPA_ABI::cuda
