// The bodies of <tempa/models/albert/config.hpp>.
#pragma once

#include <tempa/models/albert/config.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::vector<ConfigField> AlbertConfig::fields() {
  return {size_field("vocab_size", vocab_size),
          size_field("embedding_size", embedding_size),
          size_field("hidden_size", hidden_size),
          size_field("num_hidden_layers", num_hidden_layers, 0),
          size_field("num_hidden_groups", num_hidden_groups),
          size_field("num_attention_heads", num_attention_heads),
          size_field("intermediate_size", intermediate_size),
          size_field("inner_group_num", inner_group_num),
          activation_field("hidden_act", hidden_act),
          probability_field("hidden_dropout_prob", hidden_dropout_prob),
          probability_field("attention_probs_dropout_prob", attention_probs_dropout_prob),
          probability_field("classifier_dropout_prob", classifier_dropout_prob),
          size_field("max_position_embeddings", max_position_embeddings),
          size_field("type_vocab_size", type_vocab_size),
          scale_field("initializer_range", initializer_range),
          scale_field("layer_norm_eps", layer_norm_eps),
          token_field("pad_token_id", pad_token_id, vocab_size)};
}

TEMPA_INLINE EncoderConfig AlbertConfig::encoder() const {
  return {.hidden_size = hidden_size,
          .num_hidden_layers = num_hidden_layers,
          .num_attention_heads = num_attention_heads,
          .intermediate_size = intermediate_size,
          .activation = parse_activation("[AlbertConfig] hidden_act", hidden_act),
          .hidden_dropout_prob = hidden_dropout_prob,
          .attention_probs_dropout_prob = attention_probs_dropout_prob,
          .initializer_range = initializer_range,
          .layer_norm_eps = layer_norm_eps};
}

TEMPA_INLINE EmbeddingsConfig AlbertConfig::embeddings() const {
  return {.vocab_size = vocab_size,
          .max_position_embeddings = max_position_embeddings,
          .type_vocab_size = type_vocab_size,
          .embedding_size = embedding_size,
          .pad_token_id = pad_token_id,
          .dropout_prob = hidden_dropout_prob,
          .initializer_range = initializer_range,
          .layer_norm_eps = layer_norm_eps};
}

TEMPA_INLINE double AlbertConfig::num_weights() const {
  const auto layers = static_cast<double>(num_hidden_groups) * static_cast<double>(inner_group_num);
  return embeddings().weights() + static_cast<double>(embedding_size) * static_cast<double>(hidden_size) +
         encoder().weights_of_layer() * layers;
}

}  // namespace tempa::inline TEMPA_ABI
