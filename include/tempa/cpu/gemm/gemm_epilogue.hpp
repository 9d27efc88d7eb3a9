// Matrix products with the steps that a layer adds to them, such as bias and GELU, under the names of the CUDA kernels.
#pragma once

#include <tempa/cpu/copy.hpp>
#include <tempa/cpu/elementwise.hpp>
#include <tempa/cpu/gemm/gemm.hpp>
#include <tempa/cpu/reduce.hpp>
#include <tempa/math/gelu.hpp>

#include <span>
#include <utility>

namespace tempa::inline TEMPA_ABI::cpu {

/// C = op(A) op(B) + bias in every row: a linear layer.
/// @param c (m,n), its rows without gaps. @param bias (n).
template <Floating T>
void gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a, Index lda,
               const T* b, Index ldb, const T* bias, T* c, Index ldc) {
  broadcast_rows(backend, c, bias, m, n);
  gemm(backend, trans_a, trans_b, m, n, k, Accumulator<T>(1), a, lda, b, ldb, Accumulator<T>(1), c, ldc);
}

/// Up to three products of one A, C_g = op(A) op(B_g) + bias_g.
/// @param b, biases one for each product. @param c (groups,m,n), `stride_c` elements from one to the next.
template <Floating T>
void grouped_gemm_bias(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                       Index lda, std::span<const T* const> b, Index ldb, std::span<const T* const> biases, T* c,
                       Index ldc, Index stride_c) {
  for (std::size_t g = 0; g < b.size(); ++g)
    gemm_bias(backend, trans_a, trans_b, m, n, k, a, lda, b[g], ldb, biases[g], c + static_cast<Index>(g) * stride_c,
              ldc);
}

/// X = op(A) op(B) + bias, C = GELU(X), X rounded to T first. @param c, x (m,n), both with `ldc` = n. @param bias (n).
template <Floating T>
void gemm_bias_gelu(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                    Index lda, const T* b, Index ldb, const T* bias, T* c, T* x, Index ldc) {
  gemm_bias(backend, trans_a, trans_b, m, n, k, a, lda, b, ldb, bias, x, ldc);
  unary_forward(backend, c, std::as_const(x), m * n, math::Gelu{});
}

/// C = op(A) op(B) * GELU'(X), elementwise: the gradient that reaches X of `gemm_bias_gelu`.
/// @param c, x (m,n), both with `ldc` = n.
template <Floating T>
void gemm_gelu_backward(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, const T* x, T* c, Index ldc) {
  gemm(backend, trans_a, trans_b, m, n, k, Accumulator<T>(1), a, lda, b, ldb, Accumulator<T>(0), c, ldc);
  parallel_for(0, m * n, kElementwiseGrain, [=](Index begin, Index end) {
#pragma omp simd
    for (Index i = begin; i < end; ++i) c[i] = narrow<T>(widen(c[i]) * math::Gelu::df(widen(x[i])));
  });
}

/// C += op(A) op(B), a_sum_i += sum_p op(A)_ip for A = dy^T and B = x: the gradients of weight and bias of a linear
/// layer. @param a (k,m), its rows without gaps. @param c (m,n). @param a_sum (m).
template <Floating T>
void gemm_bias_gradient(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, T* c, Index ldc, T* a_sum) {
  gemm(backend, trans_a, trans_b, m, n, k, Accumulator<T>(1), a, lda, b, ldb, Accumulator<T>(1), c, ldc);
  column_sum_accumulate(backend, a_sum, a, k, m);
}

}  // namespace tempa::inline TEMPA_ABI::cpu
