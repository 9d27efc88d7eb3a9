// Word, position and token-type embeddings.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/models/bert/config.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/embedding.hpp>
#include <tempa/nn/layer_norm.hpp>
#include <tempa/ops/arithmetic.hpp>

namespace tempa::inline TEMPA_ABI {

/// Position of every token in its sequence: 0, 1, … starting anew at each of `cu_seqlens`.
/// @param cu_seqlens (B+1). @return (N)
inline Tensor<std::int32_t> position_ids(const Tensor<std::int32_t>& cu_seqlens) {
  const auto bounds = cu_seqlens.span();
  Tensor<std::int32_t> positions(Shape{bounds.empty() ? 0 : bounds.back()});
  for (std::size_t b = 0; b + 1 < bounds.size(); ++b)
    for (std::int32_t t = bounds[b]; t < bounds[b + 1]; ++t) positions.data()[t] = t - bounds[b];
  return positions;
}

/// Dropout(LayerNorm(word[id] + position[t] + token_type[type])).
/// @source transformers BertEmbeddings
template <Floating T>
struct BertEmbeddings : ModuleMembers<BertEmbeddings<T>, T> {
  Embedding<T> word_embeddings;        // (V,C)
  Embedding<T> position_embeddings;    // (max_position_embeddings,C)
  Embedding<T> token_type_embeddings;  // (type_vocab_size,C)
  LayerNorm<T> layer_norm;
  Dropout dropout;

  BertEmbeddings() = default;
  explicit BertEmbeddings(const BertConfig& config)
      : word_embeddings(config.vocab_size, config.hidden_size,
                        {.padding_idx = config.pad_token_id, .initializer_range = config.initializer_range}),
        position_embeddings(config.max_position_embeddings, config.hidden_size,
                            {.initializer_range = config.initializer_range}),
        token_type_embeddings(config.type_vocab_size, config.hidden_size,
                              {.initializer_range = config.initializer_range}),
        layer_norm(config.hidden_size, config.layer_norm_eps),
        dropout(config.hidden_dropout_prob) {}

  /// @param batch N tokens of B sequences. @return (N,C)
  /// @throws ValueError for a sequence longer than the positions, with its row, or an id outside a table.
  Variable<T> operator()(const Batch& batch) const {
    const Index positions = position_embeddings.weight.size(0);
    for (Index b = 0; b < batch.size(); ++b) {
      const Index length = batch.cu_seqlens.data()[b + 1] - batch.cu_seqlens.data()[b];
      if (length > positions)
        throw ValueError(concat("[BertEmbeddings] a sequence must have at most ", positions,
                                " tokens (max_position_embeddings) but row ",
                                batch.rows.empty() ? b : batch.rows[static_cast<std::size_t>(b)], " has ", length,
                                "; truncate it in the tokenizer with max_length"));
    }
    const auto x = word_embeddings(batch.ids) + token_type_embeddings(batch.token_type_ids) +
                   position_embeddings(position_ids(batch.cu_seqlens).to(batch.ids.device()));
    return dropout(layer_norm(x));
  }

  void visit(auto&& f) {
    f("word_embeddings", word_embeddings);
    f("position_embeddings", position_embeddings);
    f("token_type_embeddings", token_type_embeddings);
    f("LayerNorm", layer_norm);
    f("dropout", dropout);
  }
};

}  // namespace tempa::inline TEMPA_ABI
