// Launchers of kernels/attention*.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// out = dropout(softmax(scale q k^T)) v for every head of every sequence; of a sequence without keys, 0.
/// @param out (Nq,H*D). @param lse (H,Nq) log of the softmax denominators, kept for backward.
/// @param q (Nq,H*D). @param k, v (Nk,H*D). @param cu_seqlens_q, cu_seqlens_k (B+1), read by the kernels only.
/// @param max_seqlen_q, max_seqlen_k the longest sequences, or upper bounds of them. What of a sequence is beyond is
/// not computed, but reported as a ValueError when the device is next waited for.
/// @param head_size D, at most 256.
/// @param stream numbers of the mask, see `attention_random_count`; not read when `drop_prob` is 0.
/// @throws ValueError when D is above 256.
/// @source Dao 2023, "FlashAttention-2".
template <Floating T>
void attention_forward(Backend backend, T* out, Accumulator<T>* lse, const T* q, const T* k, const T* v,
                       const std::int32_t* cu_seqlens_q, const std::int32_t* cu_seqlens_k, Index batch,
                       Index max_seqlen_q, Index max_seqlen_k, Index heads, Index head_size, double scale,
                       double drop_prob, RandomStream stream);

/// With p = softmax(scale q k^T), m = mask / (1 - drop_prob) and dp = m dout v^T: dv = (m p)^T dout,
/// ds = p (dp - sum_j p dp), dq = scale ds k, dk = scale ds^T q.
/// @param dq (Nq,H*D), or nullptr. @param dk, dv (Nk,H*D), or nullptr. @param dout (Nq,H*D).
/// @param out (Nq,H*D), lse (H,Nq) of forward; the rest as there.
template <Floating T>
void attention_backward(Backend backend, T* dq, T* dk, T* dv, const T* dout, const T* out, const Accumulator<T>* lse,
                        const T* q, const T* k, const T* v, const std::int32_t* cu_seqlens_q,
                        const std::int32_t* cu_seqlens_k, Index batch, Index max_seqlen_q, Index max_seqlen_k,
                        Index heads, Index head_size, double scale, double drop_prob, RandomStream stream);

}  // namespace tempa::inline TEMPA_ABI::cuda
