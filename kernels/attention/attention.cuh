// Shared by the attention kernels: their arguments, which head of which sequence a block owns, the dropout mask.
#pragma once

#include <tempa/math/attention.hpp>
#include <tempa/math/exp.hpp>
#include <tempa/math/log.hpp>

#include "kernels/common.cuh"
#include "kernels/runtime/fault.cuh"

#include <limits>

namespace tempa::inline TEMPA_ABI::cuda {

/// Arguments of all kernels, as of the launchers.
template <typename T>
struct Attention {
  using A = Accumulator<T>;

  const T *q, *k, *v;
  const std::int32_t *cu_seqlens_q, *cu_seqlens_k;
  Index batch, max_seqlen_q, max_seqlen_k, heads, head_size;
  A scale;
  std::uint32_t threshold;  ///< an element is dropped when its random bits are below
  A keep_scale;             ///< 1 / (1 - drop_prob)
  RandomStream stream;
  FaultSite fault;

  __host__ __device__ Index row() const { return heads * head_size; }  ///< elements of a token
  __host__ __device__ bool drops() const { return threshold > 0; }
};

/// The outputs of forward.
template <typename T>
struct AttentionOutput {
  T* out;
  Accumulator<T>* lse;
};

/// The further inputs of backward, and its outputs, which may be null.
template <typename T>
struct AttentionGradient {
  T *dq, *dk, *dv;
  const T *dout, *out;
  const Accumulator<T>* lse;
  Accumulator<T>* delta;  ///< (B,H,max_seqlen_q) sum_d dout out, from the kernel of dq to that of dk and dv
};

/// A head of a sequence.
struct AttentionHead {
  Index query, key;   ///< first rows in q and in k
  int queries, keys;  ///< how many rows
  Index head;
  Index lse;    ///< where its numbers begin in (H,Nq)
  Index delta;  ///< where its numbers begin in (B,H,max_seqlen_q)

  /// Its first element of a matrix like q, or like k.
  template <typename T>
  __device__ Index query_at(const Attention<T>& attention) const {
    return query * attention.row() + head * attention.head_size;
  }
  template <typename T>
  __device__ Index key_at(const Attention<T>& attention) const {
    return key * attention.row() + head * attention.head_size;
  }
};

/// Head `pair` % H of sequence `pair` / H. @param reports whether this thread checks the sequence's lengths.
template <typename T>
__device__ inline AttentionHead attention_head(const Attention<T>& attention, Index pair, bool reports) {
  const Index b = pair / attention.heads;
  AttentionHead head;
  head.head = pair % attention.heads;
  head.query = attention.cu_seqlens_q[b];
  head.key = attention.cu_seqlens_k[b];
  const Index queries = attention.cu_seqlens_q[b + 1] - head.query, keys = attention.cu_seqlens_k[b + 1] - head.key;
  if (reports && head.head == 0) {
    check_index(attention.fault, queries, attention.max_seqlen_q + 1, b);
    check_index(attention.fault, keys, attention.max_seqlen_k + 1, b);
  }
  head.queries = static_cast<int>(queries < attention.max_seqlen_q ? queries : attention.max_seqlen_q);
  head.keys = static_cast<int>(keys < attention.max_seqlen_k ? keys : attention.max_seqlen_k);
  head.lse = head.head * attention.cu_seqlens_q[attention.batch] + head.query;
  head.delta = pair * attention.max_seqlen_q;
  return head;
}

/// The random bits of keys [key, key + 4) of the sequence for its query `query`; `key` is a multiple of 4.
template <typename T>
__device__ inline uint4 mask_bits(const Attention<T>& attention, const AttentionHead& head, int query, int key) {
  const Index row = (head.query + query) * attention.heads + head.head;
  return random_block(attention.stream, row * (attention_mask_row(attention.max_seqlen_k) / 4) + key / 4);
}

// The implementations; each starts its kernels.

/// Ordinary multiply-adds: any type, lengths and head size up to 256.
template <typename T>
void attention_simt_forward(Backend backend, const Attention<T>& attention, const AttentionOutput<T>& output);
template <typename T>
void attention_simt_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient);

/// Tensor cores: 16-bit types, head sizes up to 128.
inline constexpr Index kMaxTensorHeadSize = 128;
template <typename T>
void attention_tensor_forward(Backend backend, const Attention<T>& attention, const AttentionOutput<T>& output);
template <typename T>
void attention_tensor_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient);

/// The same where sequences have at most that many queries and keys, in one kernel; `out` and `delta` are not needed.
inline constexpr Index kMaxShortLength = 128;
template <typename T>
void attention_short_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient);

/// cuDNN: 16-bit types without dropout. @return false, with nothing done, for unsupported arguments: see
/// `AttentionChoice`.
/// @throws CudaError.
template <typename T>
bool attention_cudnn_forward(LaunchSite site, const Attention<T>& attention, const AttentionOutput<T>& output);
template <typename T>
bool attention_cudnn_backward(LaunchSite site, const Attention<T>& attention, const AttentionGradient<T>& gradient);

}  // namespace tempa::inline TEMPA_ABI::cuda
