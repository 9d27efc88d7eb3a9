// The sizes and choices that make one BERT.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/nn/activation.hpp>

#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

TEMPA_COMPILED_FILE("models");

namespace tempa::inline TEMPA_ABI {

/// Names, defaults and meaning as in Hugging Face's BertConfig.
/// @source transformers BertConfig
struct BertConfig {
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

  /// This configuration, for use in an initialiser list. @throws ConfigError naming the field, its rule and its value.
  const BertConfig& validated() const {
    const auto positive = [](std::string_view field, Index value) {
      if (value < 1 || value > kLargestSize)
        throw ConfigError(concat("[BertConfig] ", field, " must be in [1,", kLargestSize, "] but is ", value));
    };
    const auto probability = [](std::string_view field, double value) {
      if (!(value >= 0.0 && value < 1.0))
        throw ConfigError(concat("[BertConfig] ", field, " must be in [0,1) but is ", value));
    };
    positive("vocab_size", vocab_size);
    positive("hidden_size", hidden_size);
    if (num_hidden_layers != 0) positive("num_hidden_layers", num_hidden_layers);
    positive("num_attention_heads", num_attention_heads);
    positive("intermediate_size", intermediate_size);
    positive("max_position_embeddings", max_position_embeddings);
    positive("type_vocab_size", type_vocab_size);
    if (hidden_size % num_attention_heads != 0)
      throw ConfigError(concat("[BertConfig] hidden_size must be a multiple of num_attention_heads but they are ",
                               hidden_size, " and ", num_attention_heads));
    if (pad_token_id && (*pad_token_id < 0 || *pad_token_id >= vocab_size))
      throw ConfigError(
          concat("[BertConfig] pad_token_id must be in [0,vocab_size=", vocab_size, ") but is ", *pad_token_id));
    probability("hidden_dropout_prob", hidden_dropout_prob);
    probability("attention_probs_dropout_prob", attention_probs_dropout_prob);
    if (classifier_dropout) probability("classifier_dropout", *classifier_dropout);
    if (!(initializer_range >= 0.0) || !std::isfinite(initializer_range))
      throw ConfigError(
          concat("[BertConfig] initializer_range must be finite and not negative but is ", initializer_range));
    if (!(layer_norm_eps >= 0.0) || !std::isfinite(layer_norm_eps))
      throw ConfigError(concat("[BertConfig] layer_norm_eps must be finite and not negative but is ", layer_norm_eps));
    if (id2label.empty()) throw ConfigError("[BertConfig] id2label must name at least one label but is empty");
    if (num_labels() == 1 && problem_type == ProblemType::kSingleLabelClassification)
      throw ConfigError(
          "[BertConfig] problem_type single_label_classification must have at least 2 labels but id2label has 1; for a "
          "yes or no take 2 labels, for a number problem_type regression");
    parse_activation("[BertConfig] hidden_act", hidden_act);
    return *this;
  }

 private:
  static constexpr Index kLargestSize = Index{1} << 28;  // no product of two sizes leaves 64 bits
};

}  // namespace tempa::inline TEMPA_ABI
