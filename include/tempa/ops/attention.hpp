// Multi-head attention of packed sequences.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/attention.hpp>
#include <tempa/math/attention.hpp>
#include <tempa/ops/dropout.hpp>

#include <algorithm>
#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Options of `attention`.
struct AttentionOptions {
  /// Probability with which a softmax probability is dropped, in [0,1].
  double drop_prob = 0;
  /// Where the mask's numbers come from; nullptr is `default_generator()`. Not touched when `drop_prob` is 0.
  Generator* generator = nullptr;
  /// Factor of the scores; 1 / sqrt(D) unless given.
  std::optional<double> scale = std::nullopt;
  /// The longest sequences of queries and of keys, or upper bounds of them; 0 is unknown. On a GPU an unknown one is
  /// found by a copy to the host, for which the whole queue of work must end first: give both there. With dropout the
  /// mask depends on `max_seqlen_k` (see `attention_random_count`).
  Index max_seqlen_q = 0;
  Index max_seqlen_k = 0;
};

namespace detail {
/// The longest of the sequences; on a GPU `max_seqlen` where it is given, since the numbers are not read then.
/// @throws ShapeError, ValueError unless `cu_seqlens` is B+1 numbers that rise from 0 to `tokens`, by at most
/// `max_seqlen` where that is given.
inline Index check_cu_seqlens(std::string_view op, std::string_view name, const Tensor<std::int32_t>& cu_seqlens,
                              Index tokens, Index max_seqlen) {
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
  if (cu[n - 1] != tokens)
    throw ValueError(
        concat("[", op, "] ", name, " must end with the ", tokens, " packed tokens but ends with ", cu[n - 1]));
  if (max_seqlen > 0 && longest > max_seqlen)
    throw ValueError(concat("[", op, "] the longest of ", name, " was given as ", max_seqlen, " but is ", longest));
  return max_seqlen > 0 ? max_seqlen : longest;
}
}  // namespace detail

/// Scaled dot-product attention of every head h within every sequence b: y_bh = dropout(softmax(scale q_bh k_bh^T))
/// v_bh. A sequence's queries and keys may differ in number: [CLS] alone may ask the whole sequence.
/// @param q (Nq,C), head h in columns [h D, (h+1) D). @param k, v (Nk,C).
/// @param cu_seqlens_q, cu_seqlens_k (B+1) cumulative lengths from 0 to Nq and Nk; every sequence has a token.
/// @param heads H, a divisor of C.
/// @return y (Nq,C)
/// @saves y and the log of the softmax denominators, H Nq sizeof(Accumulator<T>) bytes; no scores and no mask.
/// @throws ShapeError, DeviceError; ValueError for impossible cu_seqlens or heads, or a drop_prob outside of [0,1].
/// On a GPU the cu_seqlens are not looked into when both lengths are given.
/// @source Vaswani et al. 2017; torch.nn.functional.scaled_dot_product_attention
template <Floating T>
Variable<T> attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
                      const Tensor<std::int32_t>& cu_seqlens_q, const Tensor<std::int32_t>& cu_seqlens_k, Index heads,
                      const AttentionOptions& options = {}) {
  check_rank("attention", "q", q.shape(), 2);
  check_rank("attention", "k", k.shape(), 2);
  const Index columns = q.size(1), batch = cu_seqlens_q.numel() - 1;
  check_shape("attention", "k", k.shape(), {k.size(0), columns});
  check_shape("attention", "v", v.shape(), k.shape());
  check_same_device("attention", q, k, v, cu_seqlens_q, cu_seqlens_k);
  if (heads < 1 || columns < 1 || columns % heads != 0)
    throw ValueError(concat("[attention] heads must divide the ", columns, " columns of q but is ", heads));
  const Index max_seqlen_q =
      detail::check_cu_seqlens("attention", "cu_seqlens_q", cu_seqlens_q, q.size(0), options.max_seqlen_q);
  const Index max_seqlen_k =
      detail::check_cu_seqlens("attention", "cu_seqlens_k", cu_seqlens_k, k.size(0), options.max_seqlen_k);
  check_shape("attention", "cu_seqlens_k", cu_seqlens_k.shape(), cu_seqlens_q.shape());
  detail::check_drop_prob("attention", options.drop_prob);

  const Index head_size = columns / heads;
  const double drop_prob = options.drop_prob;
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(head_size)));
  RandomStream stream;
  if (drop_prob > 0) {
    Generator& generator = options.generator != nullptr ? *options.generator : default_generator();
    stream = generator.reserve(attention_random_count(q.size(0), heads, max_seqlen_k));
  }
  Tensor<T> y(q.shape(), q.device());                               // (Nq,C)
  Tensor<Accumulator<T>> lse(Shape{heads, q.size(0)}, q.device());  // (H,Nq)
  on(q.device(), [&](auto backend) {
    attention_forward(backend, y.data(), lse.data(), q.value().data(), k.value().data(), v.value().data(),
                      cu_seqlens_q.data(), cu_seqlens_k.data(), batch, max_seqlen_q, max_seqlen_k, heads, head_size,
                      scale, drop_prob, stream);
  });
  return record("attention", y, {q, k, v}, [=](const Tensor<T>& dy) {
    const auto gradient_of = [](const Variable<T>& x) {
      return x.requires_grad() ? Tensor<T>(x.shape(), x.device()) : Tensor<T>();
    };
    Tensor<T> dq = gradient_of(q), dk = gradient_of(k), dv = gradient_of(v);  // (Nq,C), (Nk,C), (Nk,C)
    on(q.device(), [&](auto backend) {
      attention_backward(backend, dq.data(), dk.data(), dv.data(), dy.data(), y.data(), lse.data(), q.value().data(),
                         k.value().data(), v.value().data(), cu_seqlens_q.data(), cu_seqlens_k.data(), batch,
                         max_seqlen_q, max_seqlen_k, heads, head_size, scale, drop_prob, stream);
    });
    if (q.requires_grad()) q.accumulate_grad(std::move(dq));
    if (k.requires_grad()) k.accumulate_grad(std::move(dk));
    if (v.requires_grad()) v.accumulate_grad(std::move(dv));
  });
}

}  // namespace tempa::inline TEMPA_ABI
