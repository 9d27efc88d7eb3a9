// The bodies of <tempa/models/encoder/embeddings.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/models/encoder/embeddings.hpp>
#include <tempa/ops/embeddings_layer_norm.hpp>
#include <tempa/ops/positions.hpp>

#include <cstddef>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
EncoderEmbeddings<T>::EncoderEmbeddings(const EmbeddingsConfig& config)
    : word_embeddings(config.vocab_size, config.embedding_size,
                      {.padding_idx = config.pad_token_id, .initializer_range = config.initializer_range}),
      position_embeddings(config.max_position_embeddings, config.embedding_size,
                          {.initializer_range = config.initializer_range}),
      token_type_embeddings(config.type_vocab_size, config.embedding_size,
                            {.initializer_range = config.initializer_range}),
      layer_norm(config.embedding_size, config.layer_norm_eps),
      dropout(config.dropout_prob) {}

template <Floating T>
Variable<T> EncoderEmbeddings<T>::operator()(const Batch& batch) const {
  const Index positions = position_embeddings.weight.size(0);
  if (batch.max_seqlen == 0 || batch.max_seqlen > positions) check_lengths(batch, positions);
  const auto lookup = [](const Embedding<T>& embedding, const Tensor<std::int32_t>& ids) {
    return EmbeddingLookup<T>{embedding.weight, ids, embedding.padding_idx};
  };
  return embeddings_layer_norm(
      lookup(word_embeddings, batch.ids), lookup(token_type_embeddings, batch.token_type_ids),
      lookup(position_embeddings, position_ids(batch.cu_seqlens, batch.tokens(), batch.has_tail)), layer_norm.weight,
      layer_norm.bias, {.eps = layer_norm.eps, .drop_prob = dropout.active_prob()});
}

template <Floating T>
void EncoderEmbeddings<T>::check_lengths(const Batch& batch, Index positions) {
  const auto bounds = batch.cu_seqlens.to_vector();
  for (std::size_t b = 0; b + 1 < bounds.size(); ++b)
    if (const Index length = bounds[b + 1] - bounds[b]; length > positions)
      throw ValueError(concat("[EncoderEmbeddings] a sequence must have at most ", positions,
                              " tokens (max_position_embeddings) but row ",
                              batch.rows.empty() ? static_cast<Index>(b) : batch.rows[b], " has ", length,
                              "; truncate it in the tokenizer with max_length"));
}

TEMPA_INSTANTIATE_CLASS(struct EncoderEmbeddings);

}  // namespace tempa::inline TEMPA_ABI
