// The bodies of <tempa/models/bert/config.hpp>.
#pragma once

#include <tempa/models/bert/config.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<ConfigField> BertConfig::fields() {
  return {size_field("vocab_size", vocab_size),
          size_field("hidden_size", hidden_size),
          size_field("num_hidden_layers", num_hidden_layers, 0),
          size_field("num_attention_heads", num_attention_heads),
          size_field("intermediate_size", intermediate_size),
          activation_field("hidden_act", hidden_act),
          probability_field("hidden_dropout_prob", hidden_dropout_prob),
          probability_field("attention_probs_dropout_prob", attention_probs_dropout_prob),
          probability_field("classifier_dropout", classifier_dropout),
          size_field("max_position_embeddings", max_position_embeddings),
          size_field("type_vocab_size", type_vocab_size),
          scale_field("initializer_range", initializer_range),
          scale_field("layer_norm_eps", layer_norm_eps),
          token_field("pad_token_id", pad_token_id, vocab_size)};
}

TEMPA_INLINE EncoderConfig BertConfig::encoder() const {
  return {.hidden_size = hidden_size,
          .num_hidden_layers = num_hidden_layers,
          .num_attention_heads = num_attention_heads,
          .intermediate_size = intermediate_size,
          .activation = parse_activation("[BertConfig] hidden_act", hidden_act),
          .hidden_dropout_prob = hidden_dropout_prob,
          .attention_probs_dropout_prob = attention_probs_dropout_prob,
          .initializer_range = initializer_range,
          .layer_norm_eps = layer_norm_eps};
}

TEMPA_INLINE EmbeddingsConfig BertConfig::embeddings() const {
  return {.vocab_size = vocab_size,
          .max_position_embeddings = max_position_embeddings,
          .type_vocab_size = type_vocab_size,
          .embedding_size = hidden_size,
          .pad_token_id = pad_token_id,
          .dropout_prob = hidden_dropout_prob,
          .initializer_range = initializer_range,
          .layer_norm_eps = layer_norm_eps};
}

TEMPA_INLINE double BertConfig::num_weights() const {
  return embeddings().weights() + encoder().weights_of_layer() * static_cast<double>(num_hidden_layers);
}

}  // namespace tempa::inline TEMPA_ABI
