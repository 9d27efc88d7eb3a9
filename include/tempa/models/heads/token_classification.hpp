// An encoder with a classifier on every token: named entities, parts of speech.
#pragma once

#include <tempa/models/heads/head.hpp>
#include <tempa/models/heads/outputs.hpp>
#include <tempa/nn/classification_loss.hpp>
#include <tempa/ops/cross_entropy.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// logits = classifier(Dropout(last_hidden_state)), with the mean cross entropy over the tokens that have a label.
/// The pooler has no part in it and is not one of its parameters.
/// @source transformers BertForTokenClassification
template <typename With>
struct TokenClassification : HeadMembers<TokenClassification<With>, With> {
  using Members = HeadMembers<TokenClassification<With>, With>;
  using T = typename Members::value_type;
  using Config = typename Members::Config;
  static constexpr std::string_view kTask = "ForTokenClassification";
  static constexpr std::string_view kName = detail::ClassName<Config::kClassName, kTask>::kName;
  static constexpr bool kClassifiesTokens = true;  ///< tells an evaluation what the labels are of

  Dropout dropout;
  Linear<T> classifier;  // (K,C)
  ClassificationLossOptions loss_options;

  TokenClassification() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit TokenClassification(const Config& configuration)
      : Members(configuration),
        dropout(this->head_dropout()),
        classifier(this->head_classifier(config().num_labels())) {}

  using Members::config;

  /// Logits (N,K) of all tokens, and the loss when the batch has a label for each token, (N), or `kNoLabel`.
  /// Without any other label the loss is 0.
  /// @throws as the encoder; ShapeError when `labels` is not (N); ValueError for a label outside of [0,K), with its
  /// token.
  ClassifierOutput<T> operator()(const Batch& batch) const {
    if (!batch.labels.empty()) check_shape(kName, "labels", batch.labels.shape(), batch.ids.shape());
    const auto logits = classifier(dropout(this->base().last_hidden_state(batch)));
    if (batch.labels.empty()) return {{}, logits};
    return {cross_entropy(logits, batch.labels, cross_entropy_options(loss_options)), logits};
  }

  /// What the loss of a batch weighs: its labeled tokens, by their class weights; see `loss_weight_of`.
  double loss_weight(const Batch& batch) const {
    return cross_entropy_weight(batch.labels, config().num_labels(), cross_entropy_options(loss_options));
  }

  void visit(auto&& f) {
    detail::WithoutPooler<typename With::Model> encoder{this->base()};
    f(this->base_prefix(), encoder);
    f("dropout", dropout);
    f("classifier", classifier);
  }
};

}  // namespace tempa::inline TEMPA_ABI
