// Multi-head attention of packed sequences.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/attention.hpp>
#include <tempa/cpu/tail.hpp>
#include <tempa/math/attention.hpp>
#include <tempa/ops/dropout.hpp>

#include <algorithm>
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
/// The longest of the sequences; on a GPU `max_seqlen` where it is given, since the numbers are not read then.
/// @param has_tail whether the last of `cu_seqlens` may be below `tokens`.
/// @throws ShapeError, ValueError unless `cu_seqlens` is B+1 numbers that rise from 0 to `tokens`, by at most
/// `max_seqlen` where that is given.
inline Index check_cu_seqlens(std::string_view op, std::string_view name, const Tensor<std::int32_t>& cu_seqlens,
                              Index tokens, Index max_seqlen, bool has_tail) {
  check_rank(op, name, cu_seqlens.shape(), 1);
  const Index n = cu_seqlens.numel();
  if (n < 2)
    throw ShapeError(concat("[", op, "] ", name, " must have B+1 elements but has shape ", cu_seqlens.shape()));
  if (max_seqlen < 0) throw ValueError(concat("[", op, "] the longest of ", name, " cannot be ", max_seqlen));
  if (max_seqlen > 0 && !cu_seqlens.device().is_cpu()) return max_seqlen;
  const Tensor<std::int32_t> on_host = cu_seqlens.to(Device::cpu());
  const std::int32_t* const cu = on_host.data();
  Index longest = 0;
  if (cu[0] != 0) throw ValueError(concat("[", op, "] ", name, " must start with 0 but starts with ", cu[0]));
  for (Index b = 0; b + 1 < n; ++b) {
    if (cu[b + 1] <= cu[b])
      throw ValueError(concat("[", op, "] every sequence must have a token but ", name, " goes from ", cu[b], " to ",
                              cu[b + 1], " at sequence ", b));
    longest = std::max<Index>(longest, cu[b + 1] - cu[b]);
  }
  if (has_tail ? cu[n - 1] > tokens : cu[n - 1] != tokens)
    throw ValueError(
        concat("[", op, "] ", name, " must end with the ", tokens, " packed tokens but ends with ", cu[n - 1]));
  if (max_seqlen > 0 && longest > max_seqlen)
    throw ValueError(concat("[", op, "] the longest of ", name, " was given as ", max_seqlen, " but is ", longest));
  return max_seqlen > 0 ? max_seqlen : longest;
}

/// Counts `products` products of q k^T's size, 2 C operations for each pair of a query and a key of one sequence. Not
/// on a GPU, where the host does not read the lengths.
template <Floating T>
void count_attention(const Tensor<std::int32_t>& cu_seqlens_q, const Tensor<std::int32_t>& cu_seqlens_k, Index columns,
                     double products) {
  if (open_profile_log == nullptr || !cu_seqlens_q.device().is_cpu()) return;
  double pairs = 0;
  for (Index b = 0; b + 1 < cu_seqlens_q.numel(); ++b)
    pairs += static_cast<double>(cu_seqlens_q.data()[b + 1] - cu_seqlens_q.data()[b]) *
             static_cast<double>(cu_seqlens_k.data()[b + 1] - cu_seqlens_k.data()[b]);
  count_flops(products * 2 * pairs * static_cast<double>(columns), dtype_of<T>);
}

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
                         const Tensor<std::int32_t>& cu_seqlens_k, Index heads, const AttentionOptions& options) {
  const ProfileScope scope(op, ProfileCategory::kForward);
  const Index batch = cu_seqlens_q.numel() - 1;
  const bool has_tail = options.has_tail;
  const Device device = q.whole.device();
  check_same_device(op, q.whole, k.whole, v.whole, cu_seqlens_q, cu_seqlens_k);
  if (heads < 1 || columns < 1 || columns % heads != 0)
    throw ValueError(concat("[", op, "] heads must divide the ", columns, " columns of q but is ", heads));
  const Index max_seqlen_q = check_cu_seqlens(op, "cu_seqlens_q", cu_seqlens_q, rows_q, options.max_seqlen_q, has_tail);
  const Index max_seqlen_k = check_cu_seqlens(op, "cu_seqlens_k", cu_seqlens_k, rows_k, options.max_seqlen_k, has_tail);
  check_shape(op, "cu_seqlens_k", cu_seqlens_k.shape(), cu_seqlens_q.shape());
  check_drop_prob(op, options.drop_prob);

  const Index head_size = columns / heads;
  const double drop_prob = options.drop_prob;
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(head_size)));
  RandomStream stream;
  if (drop_prob > 0) {
    Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
    stream = generator.reserve(attention_random_count(rows_q, heads, max_seqlen_k));
  }
  Tensor<T> y(Shape{rows_q, columns}, device);               // (Nq,C)
  Tensor<Accumulator<T>> lse(Shape{heads, rows_q}, device);  // (H,Nq)
  count_attention<T>(cu_seqlens_q, cu_seqlens_k, columns, 2);
  on(device, [&](auto backend) {
    attention_forward(backend, y.data(), lse.data(), q.data(), k.data(), v.data(), cu_seqlens_q.data(),
                      cu_seqlens_k.data(), batch, max_seqlen_q, max_seqlen_k, heads, head_size, scale, drop_prob,
                      stream);
    if (has_tail) clear_tail(backend, y.data(), cu_seqlens_q.data(), batch, rows_q, columns);
  });
  return record("attention", y, inputs, [=](const Tensor<T>& dy) {
    std::array<Tensor<T>, 3> wholes;  // the gradients of q, k and v; one may be a part of the gradient before it
    std::array<T*, 3> gradients{};
    const std::array<const MatrixInVariable<T>*, 3> matrices{&q, &k, &v};
    for (std::size_t i = 0; i < 3; ++i) {
      const auto& [whole, offset] = *matrices[i];
      if (!whole.requires_grad()) continue;
      if (offset == 0) wholes[i] = Tensor<T>(whole.shape(), device);
      gradients[i] = (offset == 0 ? wholes[i].data() : gradients[i - 1] + (offset - matrices[i - 1]->offset));
    }
    count_attention<T>(cu_seqlens_q, cu_seqlens_k, columns, 5);  // the scores once more
    on(device, [&](auto backend) {
      attention_backward(backend, gradients[0], gradients[1], gradients[2], dy.data(), y.data(), lse.data(), q.data(),
                         k.data(), v.data(), cu_seqlens_q.data(), cu_seqlens_k.data(), batch, max_seqlen_q,
                         max_seqlen_k, heads, head_size, scale, drop_prob, stream);
      for (std::size_t i = 0; i < 3 && has_tail; ++i)
        if (gradients[i] != nullptr)
          clear_tail(backend, gradients[i], (i == 0 ? cu_seqlens_q : cu_seqlens_k).data(), batch,
                     i == 0 ? rows_q : rows_k, columns);
    });
    for (std::size_t i = 0; i < 3; ++i)
      if (!wholes[i].empty()) matrices[i]->whole.accumulate_grad(std::move(wholes[i]));
  });
}

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

TEMPA_COMPILED_FUNCTION(detail::attention_of);

}  // namespace tempa::inline TEMPA_ABI
