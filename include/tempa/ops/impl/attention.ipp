// The bodies of <tempa/ops/attention.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/attention.hpp>
#include <tempa/cpu/tail.hpp>
#include <tempa/math/attention.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/dropout.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

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

TEMPA_INSTANTIATE_FUNCTION(detail::attention_of);

}  // namespace tempa::inline TEMPA_ABI
