// Word, position and token-type embeddings.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/models/encoder/encoder_config.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/embedding.hpp>
#include <tempa/nn/layer_norm.hpp>
#include <tempa/ops/layer_norm.hpp>

namespace tempa::inline TEMPA_ABI {

/// Dropout(LayerNorm(word[id] + position[t] + token_type[type])).
/// @source Devlin et al. 2018; transformers BertEmbeddings
template <Floating T>
struct EncoderEmbeddings : ModuleMembers<EncoderEmbeddings<T>, T> {
  Embedding<T> word_embeddings;        // (V,E)
  Embedding<T> position_embeddings;    // (max_position_embeddings,E)
  Embedding<T> token_type_embeddings;  // (type_vocab_size,E)
  LayerNorm<T> layer_norm;
  Dropout dropout;

  EncoderEmbeddings() = default;
  explicit EncoderEmbeddings(const EmbeddingsConfig& config);

  /// @param batch N tokens of B sequences. @return (N,E)
  /// @throws ValueError for a sequence longer than the positions, with its row, or an id outside a table.
  Variable<T> operator()(const Batch& batch) const;

  void visit(auto&& f) {
    f("word_embeddings", word_embeddings);
    f("position_embeddings", position_embeddings);
    f("token_type_embeddings", token_type_embeddings);
    f("LayerNorm", layer_norm);
    f("dropout", dropout);
  }

 private:
  static void check_lengths(const Batch& batch, Index positions);
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/embeddings.ipp>
#endif
