// The sizes and choices that make one ALBERT.
#pragma once

#include <tempa/models/pretrained/config_fields.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Names, defaults and meaning as in Hugging Face's AlbertConfig.
/// @source transformers AlbertConfig
struct AlbertConfig {
  static constexpr std::string_view kClassName = "Albert", kModelType = "albert";

  Index vocab_size = 30000;             ///< V, rows of the word embeddings; may exceed the vocabulary file
  Index embedding_size = 128;           ///< E
  Index hidden_size = 4096;             ///< C
  Index num_hidden_layers = 12;         ///< L, times that a group of layers is run
  Index num_hidden_groups = 1;          ///< groups of layers with weights of their own
  Index num_attention_heads = 64;       ///< H, divides C
  Index intermediate_size = 16384;      ///< F
  Index inner_group_num = 1;            ///< layers of a group
  std::string hidden_act = "gelu_new";  ///< see `parse_activation`
  double hidden_dropout_prob = 0;
  double attention_probs_dropout_prob = 0;
  double classifier_dropout_prob = 0.1;
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

  static CheckpointNames checkpoint_names() { return {.base_prefix = "albert"}; }

  std::vector<ConfigField> fields();

  EncoderConfig encoder() const;
  EmbeddingsConfig embeddings() const;
  double num_weights() const;
  double head_dropout_prob() const { return classifier_dropout_prob; }
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/models/albert/impl/config.ipp>
#endif
