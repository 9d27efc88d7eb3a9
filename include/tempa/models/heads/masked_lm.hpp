// BERT with the head of masked language modelling, to pre-train on texts without labels.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/data/masked_tokens.hpp>
#include <tempa/models/bert/model.hpp>
#include <tempa/models/pretrained/pretrained.hpp>
#include <tempa/ops/cross_entropy.hpp>

#include <filesystem>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// LayerNorm(activation(x W^T + b)), C to C.
/// @source transformers BertPredictionHeadTransform
template <Floating T>
struct BertPredictionTransform : ModuleMembers<BertPredictionTransform<T>, T> {
  Linear<T> dense;  // (C,C)
  LayerNorm<T> layer_norm;
  Activation activation = Activation::kGelu;

  BertPredictionTransform() = default;
  explicit BertPredictionTransform(const BertConfig& config)
      : dense(config.hidden_size, config.hidden_size, {.initializer_range = config.initializer_range}),
        layer_norm(config.hidden_size, config.layer_norm_eps),
        activation(parse_activation("hidden_act", config.hidden_act)) {}

  Variable<T> operator()(const Variable<T>& x) const { return layer_norm(activate(activation, dense(x))); }

  void visit(auto&& f) {
    f("dense", dense);
    f("LayerNorm", layer_norm);
  }
};

/// What `BertForMaskedLM` computes.
template <Floating T>
struct MaskedLMOutput {
  Variable<Accumulator<T>> loss;  ///< mean cross entropy over the M tokens
  Variable<T> logits;             ///< (M,V)
};

/// logits = transform(hidden) E^T + bias, with the word embeddings E (tied), computed for the tokens to predict only.
/// The pooler of `bert` has no part in it and is not one of its parameters.
/// @source Devlin et al. 2018; transformers BertForMaskedLM
template <Floating T>
struct BertForMaskedLM : ModuleMembers<BertForMaskedLM<T>, T>, PretrainedMembers<BertForMaskedLM<T>> {
  static constexpr std::string_view kName = "BertForMaskedLM";

  BertModel<T> bert;
  BertPredictionTransform<T> transform;
  Variable<T> bias;  // (V)

  BertForMaskedLM() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit BertForMaskedLM(const BertConfig& configuration)
      : bert(configuration), transform(bert.config), bias(constant_parameter<T>({bert.config.vocab_size}, 0.0)) {}

  BertConfig& config() { return bert.config; }
  const BertConfig& config() const { return bert.config; }

  /// @throws as `BertModel`; ValueError for a target outside of [0,V) or a position outside of the batch.
  MaskedLMOutput<T> operator()(const MaskedLMBatch& batch) const {
    const auto hidden = bert.last_hidden_state(batch.input);
    const auto logits =
        linear(transform(index_select(hidden, 0, batch.positions)), bert.embeddings.word_embeddings.weight, bias);
    return {cross_entropy(logits, batch.targets), logits};
  }

  /// What the loss of a batch weighs: its tokens to predict; see `loss_weight_of`.
  double loss_weight(const MaskedLMBatch& batch) const { return static_cast<double>(batch.targets.numel()); }

  void visit(auto&& f) {
    f("bert.embeddings", bert.embeddings);
    f("bert.encoder", bert.encoder);
    f("cls.predictions.transform", transform);
    f("cls.predictions.bias", bias);
  }
};

TEMPA_COMPILED_MODULE(BertPredictionTransform);
TEMPA_COMPILED_PRETRAINED(BertForMaskedLM);

}  // namespace tempa::inline TEMPA_ABI
