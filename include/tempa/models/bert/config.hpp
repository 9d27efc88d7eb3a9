// The sizes and choices that make one BERT.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/models/pretrained/config_fields.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

TEMPA_COMPILED_FILE("models");

namespace tempa::inline TEMPA_ABI {

/// Names, defaults and meaning as in Hugging Face's BertConfig.
/// @source transformers BertConfig
struct BertConfig {
  static constexpr std::string_view kClassName = "Bert", kModelType = "bert";

  Index vocab_size = 30522;         ///< V, rows of the word embeddings; may exceed the vocabulary file
  Index hidden_size = 768;          ///< C
  Index num_hidden_layers = 12;     ///< L
  Index num_attention_heads = 12;   ///< H, divides C
  Index intermediate_size = 3072;   ///< F
  std::string hidden_act = "gelu";  ///< see `parse_activation`
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.1;
  std::optional<double> classifier_dropout{};  ///< hidden_dropout_prob when absent
  Index max_position_embeddings = 512;
  Index type_vocab_size = 2;
  double initializer_range = 0.02;  ///< standard deviation of the starting weights
  double layer_norm_eps = 1e-12;
  std::optional<Index> pad_token_id = 0;                    ///< row of the word embeddings that stays as it is; or none
  std::vector<std::string> id2label{"LABEL_0", "LABEL_1"};  ///< (K) name of each class
  std::optional<ProblemType> problem_type{};                ///< derived from labels and targets when absent
  std::vector<std::string> architectures{};
  std::optional<DType> dtype{};    ///< type in which the weights are stored
  std::string source_json = "{}";  ///< config.json as it was read; the fields in it that tempa does not know are kept

  /// K, the number of classes or targets.
  Index num_labels() const { return static_cast<Index>(id2label.size()); }

  static CheckpointNames checkpoint_names() { return {.base_prefix = "bert"}; }

  std::vector<ConfigField> fields() {
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

  EncoderConfig encoder() const {
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
  EmbeddingsConfig embeddings() const {
    return {.vocab_size = vocab_size,
            .max_position_embeddings = max_position_embeddings,
            .type_vocab_size = type_vocab_size,
            .embedding_size = hidden_size,
            .pad_token_id = pad_token_id,
            .dropout_prob = hidden_dropout_prob,
            .initializer_range = initializer_range,
            .layer_norm_eps = layer_norm_eps};
  }
  double num_weights() const {
    return embeddings().weights() + encoder().weights_of_layer() * static_cast<double>(num_hidden_layers);
  }
  double head_dropout_prob() const { return classifier_dropout.value_or(hidden_dropout_prob); }
};

}  // namespace tempa::inline TEMPA_ABI
