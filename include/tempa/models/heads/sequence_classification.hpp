// An encoder with a classifier on the pooled first token.
#pragma once

#include <tempa/models/encoder/encoder.hpp>
#include <tempa/models/heads/head.hpp>
#include <tempa/models/heads/outputs.hpp>
#include <tempa/nn/classification_loss.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/mse_loss.hpp>
#include <tempa/ops/soft_cross_entropy.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI {

/// logits = classifier(Dropout(pooler_output)), with the loss of the configured problem: cross entropy for one label a
/// row, binary cross entropy on each logit for several, mean squared error for a regression.
/// @source transformers BertForSequenceClassification
template <typename With>
struct SequenceClassification : HeadMembers<SequenceClassification<With>, With> {
  using Members = HeadMembers<SequenceClassification<With>, With>;
  using T = typename Members::value_type;
  using Config = typename Members::Config;
  static constexpr std::string_view kTask = "ForSequenceClassification";
  static constexpr std::string_view kName = detail::ClassName<Config::kClassName, kTask>::kName;

  Dropout dropout;
  Linear<T> classifier;  // (K,C)
  ClassificationLossOptions loss_options;

  SequenceClassification() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit SequenceClassification(const Config& configuration)
      : Members(configuration),
        dropout(this->head_dropout()),
        classifier(this->head_classifier(config().num_labels())) {}

  using Members::config;

  /// Logits, and the loss when the batch has labels (one label a row) or targets (several labels, regression; for one
  /// label a row the probabilities of the classes, which then count instead of the labels).
  /// @throws as the encoder; ValueError for a label outside [0,K), with its row.
  ClassifierOutput<T> operator()(const Batch& batch) const {
    const auto logits = classifier(dropout(this->base()(batch, OutputRows::kFirstToken).pooler_output));
    return {loss(logits, batch), logits};
  }

  /// What the loss of a batch weighs: its rows, by their class weights; see `loss_weight_of`.
  /// @throws ValueError for a label outside of [0,K), with its row.
  double loss_weight(const Batch& batch) const {
    return has_classes(batch) && batch.targets.empty()
               ? cross_entropy_weight(batch.labels, config().num_labels(), cross_entropy_options(loss_options))
               : static_cast<double>(batch.size());
  }

  /// The same for padded ids and mask (B,T), without labels.
  ClassifierOutput<T> operator()(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                                 const Tensor<std::int32_t>& token_type_ids = {}) const {
    return (*this)(pack_padded(ids, attention_mask, token_type_ids));
  }

  void visit(auto&& f) {
    f(this->base_prefix(), this->base());
    f("dropout", dropout);
    f("classifier", classifier);
  }

 private:
  ProblemType problem_of(const Batch& batch) const {
    return config().problem_type.value_or(config().num_labels() == 1 ? ProblemType::kRegression
                                          : batch.labels.empty()     ? ProblemType::kMultiLabelClassification
                                                                     : ProblemType::kSingleLabelClassification);
  }
  bool has_classes(const Batch& batch) const { return problem_of(batch) == ProblemType::kSingleLabelClassification; }

  Variable<Accumulator<T>> loss(const Variable<T>& logits, const Batch& batch) const {
    if (has_classes(batch)) {
      const CrossEntropyOptions options = cross_entropy_options(loss_options);
      if (!batch.targets.empty()) return cross_entropy(logits, batch.targets.template cast<Accumulator<T>>(), options);
      return batch.labels.empty() ? Variable<Accumulator<T>>() : cross_entropy(logits, batch.labels, options);
    }
    if (batch.targets.empty()) return {};
    const auto targets = batch.targets.template cast<Accumulator<T>>();
    return problem_of(batch) == ProblemType::kRegression ? mse_loss(logits, targets) : bce_with_logits(logits, targets);
  }
};

}  // namespace tempa::inline TEMPA_ABI
