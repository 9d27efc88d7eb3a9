// The bodies of <tempa/models/encoder/attention.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/encoder/attention.hpp>
#include <tempa/ops/dropout_add_layer_norm.hpp>
#include <tempa/ops/linear.hpp>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
ResidualOutput<T>::ResidualOutput(Index in, const EncoderConfig& config)
    : dense(in, config.hidden_size, {.initializer_range = config.initializer_range}),
      layer_norm(config.hidden_size, config.layer_norm_eps),
      dropout(config.hidden_dropout_prob) {}

template <Floating T>
Variable<T> ResidualOutput<T>::finish(const Variable<T>& y, const Variable<T>& residual) const {
  return dropout_add_layer_norm(y, residual, layer_norm.weight, layer_norm.bias,
                                {.eps = layer_norm.eps, .drop_prob = dropout.active_prob()});
}

template <Floating T>
SelfAttention<T>::SelfAttention(const EncoderConfig& config)
    : query(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}),
      key(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}),
      value(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}),
      heads(config.num_attention_heads),
      drop_prob(config.attention_probs_dropout_prob) {}

template <Floating T>
Variable<T> SelfAttention<T>::operator()(const Variable<T>& queries, const Variable<T>& x,
                                         const SequenceBounds& bounds) const {
  const AttentionOptions options{.drop_prob = mode ? drop_prob : 0.0,
                                 .max_seqlen_q = bounds.max_queries,
                                 .max_seqlen_k = bounds.max_keys,
                                 .has_tail = bounds.has_tail};
  const auto of = [](const Linear<T>& layer) { return LinearParameters<T>{layer.weight, layer.bias}; };
  if (queries.node() == x.node())
    return self_attention(linears(x, {of(query), of(key), of(value)}), bounds.keys, heads, options);
  return attention(query(queries), linears(x, {of(key), of(value)}), bounds.queries, bounds.keys, heads, options);
}

template <Floating T>
Variable<T> AttentionBlock<T>::operator()(const Variable<T>& queries, const Variable<T>& x,
                                          const SequenceBounds& bounds) const {
  return output(self_attention(queries, x, bounds), queries);
}

TEMPA_INSTANTIATE_CLASS(struct ResidualOutput);
TEMPA_INSTANTIATE_CLASS(struct SelfAttention);
TEMPA_INSTANTIATE_CLASS(struct AttentionBlock);

}  // namespace tempa::inline TEMPA_ABI
