// Launchers of kernels/attention*.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>
#include <string_view>

namespace tempa::inline TEMPA_ABI::cuda {

/// The implementation of attention.
enum class AttentionChoice {
  kAuto,   ///< the fastest one as measured: `kTempa`, until there are measurements on hardware
  kTempa,  ///< tensor cores by mma.sync for 16-bit types, ordinary arithmetic for float and double
  kCudnn,  ///< NVIDIA's library, if the kernels were built with it; what it cannot do, as `kTempa`: dropout, float and
           ///< double, head sizes that are no multiple of 8, tensors that do not begin at multiples of 16 bytes, a
           ///< backward pass that needs only some of the three gradients, and what it has no plan for that gives the
           ///< same bits in every run (before compute capability 9.0 every backward pass). The first call for a size
           ///< of a batch, lengths rounded up to multiples of 64, takes about a second to make the plan.
};

/// @param name auto, tempa or cudnn. @throws ConfigError for another name.
AttentionChoice parse_attention_choice(std::string_view name);

/// The choice of this process: that of `set_attention_choice`, or else of the environment variable `TEMPA_ATTENTION`,
/// or else `kAuto`.
/// @throws ConfigError when the variable has another value, or names cuDNN and the kernels were built without it.
AttentionChoice attention_choice();

/// Overrides the environment. What one choice's forward pass saved can be used by the other's backward pass.
/// @throws ConfigError for cuDNN when the kernels were built without it.
void set_attention_choice(AttentionChoice choice);

/// Whether the kernels were built with cuDNN.
bool has_cudnn();

/// For which passes cuDNN has a plan.
struct CudnnPasses {
  bool forward = false, backward = false;
};

/// What `AttentionChoice::kCudnn` means for attention of these sizes, without dropout and with all other conditions
/// met: where cuDNN has no plan, and without cuDNN, the kernels of `kTempa` do it. The plans are cached.
/// @param batch, max_seqlen_q, max_seqlen_k, heads, head_size as of `attention_forward`.
/// @throws CudaError.
template <Floating T>
CudnnPasses cudnn_passes(Backend backend, Index batch, Index max_seqlen_q, Index max_seqlen_k, Index heads,
                         Index head_size);

/// out = dropout(softmax(scale q k^T)) v for every head of every sequence; of a sequence without keys, 0.
/// @param out (Nq,H*D). @param lse (H,Nq) log of the softmax denominators, kept for backward.
/// @param q (Nq,H*D). @param k, v (Nk,H*D). @param cu_seqlens_q, cu_seqlens_k (B+1), read by the kernels only.
/// @param max_seqlen_q, max_seqlen_k the longest sequences, or upper bounds of them. Tokens of a sequence beyond that
/// are not computed, but reported as a ValueError at the next wait for the device.
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
