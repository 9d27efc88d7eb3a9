// BERT with a classifier on the pooled first token.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/models/bert/model.hpp>
#include <tempa/models/pretrained.hpp>
#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/mse_loss.hpp>
#include <tempa/ops/soft_cross_entropy.hpp>

#include <filesystem>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// How the loss of a classifier is computed.
struct ClassificationLossOptions {
  std::vector<double> class_weights{};  ///< (K) weight of each class's rows, or empty for 1
  double label_smoothing = 0.0;         ///< share of the target that is spread over all classes
};

/// What a classifier computes.
template <Floating T>
struct ClassifierOutput {
  Variable<Accumulator<T>> loss;  ///< mean over the batch; undefined when the batch has no labels
  Variable<T> logits;             ///< (B,K)
};

/// logits = classifier(Dropout(pooler_output)), with the loss of the configured problem: cross entropy for one label a
/// row, binary cross entropy on each logit for several, mean squared error for a regression.
/// @source transformers BertForSequenceClassification
template <Floating T>
struct BertForSequenceClassification : ModuleMembers<BertForSequenceClassification<T>, T>,
                                       PretrainedMembers<BertForSequenceClassification<T>> {
  static constexpr std::string_view kName = "BertForSequenceClassification";

  BertModel<T> bert;
  Dropout dropout;
  Linear<T> classifier;  // (K,C)
  ClassificationLossOptions loss_options;

  BertForSequenceClassification() = default;
  /// Random weights, drawn from `default_generator()`. @throws ConfigError for an impossible configuration.
  explicit BertForSequenceClassification(const BertConfig& configuration)
      : bert(configuration),
        dropout(bert.config.classifier_dropout.value_or(bert.config.hidden_dropout_prob)),
        classifier(bert.config.hidden_size, bert.config.num_labels(),
                   {.initializer_range = bert.config.initializer_range}) {}

  BertConfig& config() { return bert.config; }
  const BertConfig& config() const { return bert.config; }

  /// Logits, and the loss when the batch has labels (one label a row) or targets (several labels, regression; for one
  /// label a row the probabilities of the classes, which then count instead of the labels).
  /// @throws as `BertModel`; ValueError for a label outside [0,K), with its row.
  ClassifierOutput<T> operator()(const Batch& batch) const {
    const auto logits = classifier(dropout(bert(batch, OutputRows::kFirstToken).pooler_output));
    return {loss(logits, batch), logits};
  }

  /// The same for padded ids and mask (B,T), without labels.
  ClassifierOutput<T> operator()(const Tensor<std::int32_t>& ids, const Tensor<std::int32_t>& attention_mask,
                                 const Tensor<std::int32_t>& token_type_ids = {}) const {
    return (*this)(pack_padded(ids, attention_mask, token_type_ids));
  }

  void visit(auto&& f) {
    f("bert", bert);
    f("dropout", dropout);
    f("classifier", classifier);
  }

 private:
  Variable<Accumulator<T>> loss(const Variable<T>& logits, const Batch& batch) const {
    const ProblemType problem =
        config().problem_type.value_or(config().num_labels() == 1 ? ProblemType::kRegression
                                       : batch.labels.empty()     ? ProblemType::kMultiLabelClassification
                                                                  : ProblemType::kSingleLabelClassification);
    if (problem == ProblemType::kSingleLabelClassification) {
      const CrossEntropyOptions options{.class_weights = loss_options.class_weights,
                                        .label_smoothing = loss_options.label_smoothing};
      if (!batch.targets.empty()) return cross_entropy(logits, batch.targets.template cast<Accumulator<T>>(), options);
      return batch.labels.empty() ? Variable<Accumulator<T>>() : cross_entropy(logits, batch.labels, options);
    }
    if (batch.targets.empty()) return {};
    const auto targets = batch.targets.template cast<Accumulator<T>>();
    return problem == ProblemType::kRegression ? mse_loss(logits, targets) : bce_with_logits(logits, targets);
  }
};

TEMPA_COMPILED_PRETRAINED(BertForSequenceClassification);

}  // namespace tempa::inline TEMPA_ABI
