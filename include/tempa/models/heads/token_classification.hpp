// BERT with a classifier on every token: named entities, parts of speech.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/models/bert/model.hpp>
#include <tempa/models/heads/sequence_classification.hpp>
#include <tempa/models/pretrained/pretrained.hpp>
#include <tempa/ops/cross_entropy.hpp>

#include <filesystem>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// logits = classifier(Dropout(last_hidden_state)), with the mean cross entropy over the tokens that have a label.
/// The pooler of `bert` has no part in it and is not one of its parameters.
/// @source transformers BertForTokenClassification
template <Floating T>
struct BertForTokenClassification : ModuleMembers<BertForTokenClassification<T>, T>,
                                    PretrainedMembers<BertForTokenClassification<T>> {
  static constexpr std::string_view kName = "BertForTokenClassification";
  static constexpr bool kClassifiesTokens = true;  ///< tells an evaluation what the labels are of

  BertModel<T> bert;
  Dropout dropout;
  Linear<T> classifier;  // (K,C)
  ClassificationLossOptions loss_options;

  BertForTokenClassification() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit BertForTokenClassification(const BertConfig& configuration)
      : bert(configuration),
        dropout(bert.config.classifier_dropout.value_or(bert.config.hidden_dropout_prob)),
        classifier(bert.config.hidden_size, bert.config.num_labels(),
                   {.initializer_range = bert.config.initializer_range}) {}

  BertConfig& config() { return bert.config; }
  const BertConfig& config() const { return bert.config; }

  /// Logits (N,K) of all tokens, and the loss when the batch has a label for each token, (N), or `kNoLabel`.
  /// Without any other label the loss is 0.
  /// @throws as `BertModel`; ShapeError when `labels` is not (N); ValueError for a label outside of [0,K), with its
  /// token.
  ClassifierOutput<T> operator()(const Batch& batch) const {
    if (!batch.labels.empty())
      check_shape("BertForTokenClassification", "labels", batch.labels.shape(), batch.ids.shape());
    const auto logits = classifier(dropout(bert.last_hidden_state(batch)));
    if (batch.labels.empty()) return {{}, logits};
    return {cross_entropy(logits, batch.labels, cross_entropy_options(loss_options)), logits};
  }

  /// What the loss of a batch weighs: its labelled tokens, by their class weights; see `loss_weight_of`.
  double loss_weight(const Batch& batch) const {
    return cross_entropy_weight(batch.labels, config().num_labels(), cross_entropy_options(loss_options));
  }

  void visit(auto&& f) {
    f("bert.embeddings", bert.embeddings);
    f("bert.encoder", bert.encoder);
    f("dropout", dropout);
    f("classifier", classifier);
  }
};

TEMPA_COMPILED_PRETRAINED(BertForTokenClassification);

}  // namespace tempa::inline TEMPA_ABI
