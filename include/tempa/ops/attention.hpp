// Multi-head attention of packed sequences.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/random.hpp>

#include <array>
#include <optional>
#include <span>

namespace tempa::inline TEMPA_ABI {

/// Options of `attention`.
struct AttentionOptions {
  /// Probability of dropping a softmax probability, in [0,1].
  double drop_prob = 0;
  /// Where the mask's numbers come from; nullptr is `default_generator()`. Not touched when `drop_prob` is 0.
  Generator* generator = nullptr;
  /// Factor of the scores; 1 / sqrt(D) unless given.
  std::optional<double> scale = std::nullopt;
  /// The longest sequences of queries and of keys, or upper bounds of them; 0 is unknown. On a GPU an unknown one is
  /// found by a copy to the host, which waits for all earlier work: give both there. With dropout the
  /// mask depends on `max_seqlen_k` (see `attention_random_count`).
  Index max_seqlen_q = 0;
  Index max_seqlen_k = 0;
  /// Whether the cu_seqlens may end before Nq and Nk: the rows after their end give 0 and get no gradient.
  bool has_tail = false;
};

namespace detail {

/// A matrix inside a variable, from element `offset` on.
template <Floating T>
struct MatrixInVariable {
  Variable<T> whole;
  Index offset = 0;

  const T* data() const { return whole.value().data() + offset; }
};

/// `attention` of matrices q (Nq,C), k and v (Nk,C), wherever they are stored. One with an offset is in the variable of
/// the one before it, with which it shares a gradient.
template <Floating T>
Variable<T> attention_of(std::string_view op, const MatrixInVariable<T>& q, const MatrixInVariable<T>& k,
                         const MatrixInVariable<T>& v, std::span<const TapeInput> inputs, Index rows_q, Index rows_k,
                         Index columns, const Tensor<std::int32_t>& cu_seqlens_q,
                         const Tensor<std::int32_t>& cu_seqlens_k, Index heads, const AttentionOptions& options);

}  // namespace detail

/// Scaled dot-product attention of every head h within every sequence b: y_bh = dropout(softmax(scale q_bh k_bh^T))
/// v_bh. A sequence's queries and keys may differ in number: the query may be [CLS] only.
/// @param q (Nq,C), head h in columns [h D, (h+1) D). @param k, v (Nk,C).
/// @param cu_seqlens_q, cu_seqlens_k (B+1) cumulative lengths from 0 to Nq and Nk; every sequence has a token.
/// @param heads H, a divisor of C.
/// @return y (Nq,C)
/// @saves y and the log of the softmax denominators, H Nq sizeof(Accumulator<T>) bytes; no scores and no mask.
/// @throws ShapeError, DeviceError; ValueError for impossible cu_seqlens or heads, or a drop_prob outside of [0,1].
/// On a GPU the cu_seqlens are not checked when both lengths are given.
/// @source Vaswani et al. 2017; torch.nn.functional.scaled_dot_product_attention
template <Floating T>
Variable<T> attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                      const Tensor<std::int32_t>& cu_seqlens_q, const Tensor<std::int32_t>& cu_seqlens_k, Index heads,
                      const AttentionOptions& options = {}) {
  check_rank("attention", "q", q.shape(), 2);
  check_rank("attention", "k", k.shape(), 2);
  const Index columns = q.size(1);
  check_shape("attention", "k", k.shape(), {k.size(0), columns});
  check_shape("attention", "v", v.shape(), k.shape());
  const std::array<TapeInput, 3> inputs{q, k, v};
  return detail::attention_of<T>("attention", {q}, {k}, {v}, inputs, q.size(0), k.size(0), q.size(1), cu_seqlens_q,
                                 cu_seqlens_k, heads, options);
}

/// The same with keys and values in one variable, as `linears` makes them.
/// @param q (Nq,C). @param kv (2,Nk,C).
template <Floating T>
Variable<T> attention(const Variable<T>& q, const Variable<T>& kv, const Tensor<std::int32_t>& cu_seqlens_q,
                      const Tensor<std::int32_t>& cu_seqlens_k, Index heads, const AttentionOptions& options = {}) {
  check_rank("attention", "q", q.shape(), 2);
  check_rank("attention", "kv", kv.shape(), 3);
  check_shape("attention", "kv", kv.shape(), {2, kv.size(1), q.size(1)});
  const std::array<TapeInput, 2> inputs{q, kv};
  return detail::attention_of<T>("attention", {q}, {kv}, {kv, kv.numel() / 2}, inputs, q.size(0), kv.size(1), q.size(1),
                                 cu_seqlens_q, cu_seqlens_k, heads, options);
}

/// The same with queries, keys and values in one variable: the attention of sequences to themselves.
/// @param qkv (3,N,C). @param cu_seqlens (B+1). @return (N,C)
template <Floating T>
Variable<T> self_attention(const Variable<T>& qkv, const Tensor<std::int32_t>& cu_seqlens, Index heads,
                           const AttentionOptions& options = {}) {
  check_rank("self_attention", "qkv", qkv.shape(), 3);
  check_shape("self_attention", "qkv", qkv.shape(), {3, qkv.size(1), qkv.size(2)});
  const Index part = qkv.numel() / 3;
  const std::array<TapeInput, 1> inputs{qkv};
  return detail::attention_of<T>("self_attention", {qkv}, {qkv, part}, {qkv, 2 * part}, inputs, qkv.size(1),
                                 qkv.size(1), qkv.size(2), cu_seqlens, cu_seqlens, heads, options);
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/attention.ipp>
#endif
