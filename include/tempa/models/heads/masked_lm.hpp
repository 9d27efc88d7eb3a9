// An encoder with the head of masked language modeling, to pre-train on texts without labels.
#pragma once

#include <tempa/data/masked_tokens.hpp>
#include <tempa/models/heads/head.hpp>
#include <tempa/models/heads/outputs.hpp>
#include <tempa/nn/activation.hpp>
#include <tempa/nn/layer_norm.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/gather.hpp>
#include <tempa/ops/linear.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// logits = LayerNorm(activation(hidden W^T + b)) E^T + bias, with the word embeddings E (tied), computed for the
/// tokens to predict only. W maps to the width of E. The pooler has no part in it and is not one of its parameters.
/// @source Devlin et al. 2018; transformers BertForMaskedLM
template <typename With>
struct MaskedLM : HeadMembers<MaskedLM<With>, With> {
  using Members = HeadMembers<MaskedLM<With>, With>;
  using T = typename Members::value_type;
  using Config = typename Members::Config;
  static constexpr std::string_view kTask = "ForMaskedLM";
  static constexpr std::string_view kName = detail::ClassName<Config::kClassName, kTask>::kName;

  Linear<T> dense;  // (E,C)
  LayerNorm<T> layer_norm;
  Activation activation = Activation::kGelu;
  Variable<T> bias;  // (V)

  MaskedLM() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit MaskedLM(const Config& configuration)
      : MaskedLM(configuration, configuration.encoder(), configuration.embeddings()) {}

  using Members::config;
  /// The decoder is the word embeddings: what a checkpoint stores of it is passed over.
  static CheckpointNames checkpoint_names() {
    CheckpointNames names = Config::checkpoint_names();
    names.tied = {With::kMaskedLM.decoder};
    return names;
  }

  /// @throws as the encoder; ValueError for a target outside of [0,V) or a position outside of the batch.
  MaskedLMOutput<T> operator()(const MaskedLMBatch& batch) const {
    const auto hidden = index_select(this->base().last_hidden_state(batch.input), 0, batch.positions);  // (M,C)
    const auto transformed = layer_norm(activate(activation, dense(hidden)));                           // (M,E)
    const auto logits = linear(transformed, this->base().embeddings.word_embeddings.weight, bias);      // (M,V)
    return {cross_entropy(logits, batch.targets), logits};
  }

  /// What the loss of a batch weighs: its tokens to predict; see `loss_weight_of`.
  double loss_weight(const MaskedLMBatch& batch) const { return static_cast<double>(batch.targets.numel()); }

  void visit(auto&& f) {
    detail::WithoutPooler<typename With::Model> encoder{this->base()};
    f(this->base_prefix(), encoder);
    f(With::kMaskedLM.dense, dense);
    f(With::kMaskedLM.layer_norm, layer_norm);
    f(With::kMaskedLM.bias, bias);
  }

 private:
  MaskedLM(const Config& configuration, const EncoderConfig& encoder, const EmbeddingsConfig& embeddings)
      : Members(configuration),
        dense(encoder.hidden_size, embeddings.embedding_size, {.initializer_range = encoder.initializer_range}),
        layer_norm(embeddings.embedding_size, encoder.layer_norm_eps),
        activation(encoder.activation),
        bias(constant_parameter<T>({embeddings.vocab_size}, 0.0)) {}
};

}  // namespace tempa::inline TEMPA_ABI
