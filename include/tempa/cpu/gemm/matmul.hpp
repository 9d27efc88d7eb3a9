// Products of batches of matrices that are broadcast against each other.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/cpu/gemm/gemm.hpp>

#include <algorithm>
#include <utility>

namespace tempa::inline TEMPA_ABI::cpu {

/// c_i = a_i b_i for every matrix i of a batch. @param c (batch,m,n). @param a (…,m,k). @param b (…,k,n).
/// @param nest how the matrices of a and b run along the batch.
template <Floating T>
void matmul_forward(Backend backend, T* c, const T* a, const T* b, const LoopNest<2>& nest, Index batch, Index m,
                    Index n, Index k) {
  const auto strides = nest.inner_strides();
  nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
    batched_gemm(backend, Transpose::kNo, Transpose::kNo, count, m, n, k, Accumulator<T>(1), a + offsets[0] * m * k, k,
                 strides[0] * m * k, b + offsets[1] * k * n, n, strides[1] * k * n, Accumulator<T>(0), c + i * m * n, n,
                 m * n);
  });
}

/// da_i = dc_i b_i^T and db_i = a_i^T dc_i, summed in order over the batch where a or b is broadcast; 16-bit sums are
/// kept in float and rounded once.
/// @param da, db shaped as a and b, or nullptr.
template <Floating T>
void matmul_backward(Backend backend, T* da, T* db, const T* dc, const T* a, const T* b, const LoopNest<2>& nest,
                     Index batch, Index a_batch, Index b_batch, Index m, Index n, Index k) {
  if constexpr (!Real<T>) {
    if (a_batch != batch || b_batch != batch) {
      const auto wide_a = detail::widened(backend, a, a_batch * m * k),
                 wide_b = detail::widened(backend, b, b_batch * k * n);
      const auto wide_dc = detail::widened(backend, dc, batch * m * n);
      Tensor<Accumulator<T>> wide_da(Shape{da != nullptr ? wide_a.numel() : 0}),
          wide_db(Shape{db != nullptr ? wide_b.numel() : 0});
      matmul_backward(backend, da != nullptr ? wide_da.data() : nullptr, db != nullptr ? wide_db.data() : nullptr,
                      wide_dc.data(), wide_a.data(), wide_b.data(), nest, batch, a_batch, b_batch, m, n, k);
      convert(backend, da, std::as_const(wide_da).data(), wide_da.numel());
      convert(backend, db, std::as_const(wide_db).data(), wide_db.numel());
      return;
    }
  }
  const auto strides = nest.inner_strides();
  if (da != nullptr) std::fill_n(da, a_batch * m * k, T{});
  if (db != nullptr) std::fill_n(db, b_batch * k * n, T{});
  nest.for_each_run(0, batch, [&](Index i, const LoopNest<2>::Strides& offsets, Index count) {
    const T* grad = dc + i * m * n;
    // Where a run is summed to one matrix, its products are computed in order; otherwise they are independent.
    for (Index j = 0; da != nullptr && j < (strides[0] == 0 ? count : 1); ++j)
      batched_gemm(backend, Transpose::kNo, Transpose::kYes, strides[0] == 0 ? 1 : count, m, k, n, Accumulator<T>(1),
                   grad + j * m * n, n, m * n, b + (offsets[1] + j * strides[1]) * k * n, n, strides[1] * k * n,
                   Accumulator<T>(1), da + offsets[0] * m * k, k, m * k);
    for (Index j = 0; db != nullptr && j < (strides[1] == 0 ? count : 1); ++j)
      batched_gemm(backend, Transpose::kYes, Transpose::kNo, strides[1] == 0 ? 1 : count, k, n, m, Accumulator<T>(1),
                   a + (offsets[0] + j * strides[0]) * m * k, k, strides[0] * m * k, grad + j * m * n, n, m * n,
                   Accumulator<T>(1), db + offsets[1] * k * n, n, k * n);
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
