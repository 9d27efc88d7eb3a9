// Matrix products, with the same bits for any number of threads: float and double by tempa's own kernels, or by oneDNN
// where the compiler may not use the widest registers of the processor; bfloat16 by tempa's own AVX512-BF16 kernels
// or, with AMX, oneDNN. Other 16-bit matrices are converted to float, whose product is rounded once.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/gemm/bfloat16_gemm.hpp>
#include <tempa/cpu/gemm/gemv.hpp>
#include <tempa/cpu/gemm/onednn_matmul.hpp>
#include <tempa/cpu/gemm/packed_gemm.hpp>
#include <tempa/cpu/gemm/skinny_gemm.hpp>
#include <tempa/cpu/simd/convert.hpp>
#include <tempa/math/transpose.hpp>

#include <algorithm>
#include <concepts>
#include <utility>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// c = beta c; c is not read when beta is 0.
template <Floating T>
void scale_rows(Index m, Index n, Accumulator<T> beta, T* c, Index ldc) {
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j)
      c[i * ldc + j] = beta == Accumulator<T>(0) ? T{} : narrow<T>(beta * widen(c[i * ldc + j]));
}

/// The product of 16-bit matrices by `product`, one of floats with the same arguments, in blocks of C's columns so that
/// the converted part of a large vocabulary's matrix stays small.
template <Floating T, typename Product>
void converted_gemm(Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, float alpha, const T* a, Index lda,
                    const T* b, Index ldb, float beta, T* c, Index ldc, const Product& product) {
  constexpr Index kColumns = 4096;
  constexpr Backend kBackend{};
  const bool ta = trans_a == Transpose::kYes, tb = trans_b == Transpose::kYes;
  const Index width = std::min(n, kColumns);
  Tensor<float> wide_a(Shape{m, k}), wide_b(Shape{width, k}), wide_c(Shape{m, width});
  convert_rows(kBackend, wide_a.data(), ta ? m : k, a, lda, ta ? k : m, ta ? m : k);
  for (Index first = 0; first < n; first += width) {
    const Index columns = std::min(width, n - first);
    convert_rows(kBackend, wide_b.data(), tb ? k : columns, b + first * (tb ? ldb : Index{1}), ldb, tb ? columns : k,
                 tb ? k : columns);
    if (beta != 0.0f) convert_rows(kBackend, wide_c.data(), columns, c + first, ldc, m, columns);
    product(trans_a, trans_b, m, columns, k, alpha, std::as_const(wide_a).data(), ta ? m : k,
            std::as_const(wide_b).data(), tb ? k : columns, beta, wide_c.data(), columns);
    convert_rows(kBackend, c + first, ldc, std::as_const(wide_c).data(), columns, m, columns);
  }
}

}  // namespace detail

/// C = alpha op(A) op(B) + beta C, all row-major; C is not read when beta is 0.
/// @param a (m,k), or (k,m) when transposed, with `lda` elements from row to row. @param b (k,n), or (n,k) when
///   transposed. @param c (m,n).
template <Floating T>
void gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, Accumulator<T> alpha,
          const T* a, Index lda, const T* b, Index ldb, Accumulator<T> beta, T* c, Index ldc) {
  if (m == 0 || n == 0) return;
  const bool ta = trans_a == Transpose::kYes, tb = trans_b == Transpose::kYes;
  if (n == 1) return gemv(backend, ta, m, k, alpha, a, lda, b, tb ? Index{1} : ldb, beta, c, ldc);
  if (m == 1) return gemv(backend, !tb, n, k, alpha, b, ldb, a, ta ? lda : Index{1}, beta, c, Index{1});
  if (k == 0) return detail::scale_rows(m, n, beta, c, ldc);
  if constexpr (kHasSkinnyGemm<T>) {
    if (!ta && tb && prefers_skinny_gemm<T>(m, n, k))
      return skinny_gemm(backend, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
#if defined(__x86_64__)
  if constexpr (std::same_as<T, bfloat16>) {
    if (alpha == 1.0f && (beta == 0.0f || beta == 1.0f) && detail::prefers_avx512_bfloat16_gemm(m, k))
      return detail::avx512_bfloat16_gemm(ta, tb, m, n, k, a, lda, b, ldb, beta != 0.0f, c, ldc);
  }
#endif
#if defined(TEMPA_WITH_ONEDNN)
  if constexpr (std::same_as<T, float>) {
    if (!kWideVectors) return detail::onednn_gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else if constexpr (std::same_as<T, bfloat16>) {
    if (alpha == 1.0f && (beta == 0.0f || beta == 1.0f) && detail::has_bfloat16_products())
      return detail::onednn_bfloat16_gemm(ta, tb, m, n, k, a, lda, b, ldb, beta != 0.0f, c, ldc);
  }
#endif
  if constexpr (Real<T>) {
    packed_gemm(backend, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  } else {
    detail::converted_gemm(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc,
                           [backend](const auto&... arguments) { gemm(backend, arguments...); });
  }
}

/// `batch` products of the same sizes whose operands are `stride_a`, `stride_b`, `stride_c` elements apart.
template <Floating T>
void batched_gemm(Backend backend, Transpose trans_a, Transpose trans_b, Index batch, Index m, Index n, Index k,
                  Accumulator<T> alpha, const T* a, Index lda, Index stride_a, const T* b, Index ldb, Index stride_b,
                  Accumulator<T> beta, T* c, Index ldc, Index stride_c) {
  constexpr Index kLargeProduct = Index{1} << 21;  // multiply-adds from which one product is worth all threads
  // The choice must not depend on the number of threads; `gemm` handles empty products.
  if (batch == 1 || m * n * k == 0 || m * n * k >= kLargeProduct) {
    for (Index i = 0; i < batch; ++i)
      gemm(backend, trans_a, trans_b, m, n, k, alpha, a + i * stride_a, lda, b + i * stride_b, ldb, beta,
           c + i * stride_c, ldc);
    return;
  }
  parallel_for(0, batch, 1, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) {
      const T *left = a + i * stride_a, *right = b + i * stride_b;
      T* result = c + i * stride_c;
      if constexpr (Real<T>) {
        packed_gemm(backend, trans_a, trans_b, m, n, k, alpha, left, lda, right, ldb, beta, result, ldc);
      } else {
        detail::converted_gemm(trans_a, trans_b, m, n, k, alpha, left, lda, right, ldb, beta, result, ldc,
                               [backend](const auto&... arguments) { packed_gemm(backend, arguments...); });
      }
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
