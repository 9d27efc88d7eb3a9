// The sizes and choices that make an encoder, whatever its family calls them.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/nn/activation.hpp>

#include <optional>

namespace tempa::inline TEMPA_ABI {

/// Of the layers.
struct EncoderConfig {
  Index hidden_size = 768;         ///< C
  Index num_hidden_layers = 12;    ///< L
  Index num_attention_heads = 12;  ///< H, divides C
  Index intermediate_size = 3072;  ///< F
  Activation activation = Activation::kGelu;
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  double initializer_range = 0.02;  ///< standard deviation of the starting weights
  double layer_norm_eps = 1e-12;

  /// How many weights a layer has.
  double weights_of_layer() const;
};

/// Of the embeddings.
struct EmbeddingsConfig {
  Index vocab_size = 30522;             ///< V
  Index max_position_embeddings = 512;  ///< longest sequence, in tokens
  Index type_vocab_size = 2;
  Index embedding_size = 768;             ///< E, which is C where nothing maps E to C
  std::optional<Index> pad_token_id = 0;  ///< row of the word embeddings that stays as it is; or none
  double dropout_prob = 0.1;
  double initializer_range = 0.02;
  double layer_norm_eps = 1e-12;

  /// How many weights the tables and their normalization have.
  double weights() const;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/encoder/impl/encoder_config.ipp>
#endif
