// Scores the predicted tags of words: entities, or a class for each word.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/metrics/entity_scores.hpp>
#include <tempa/train/score_keeper.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Scores of tagged sentences: loss, accuracy of the words, and seqeval's scores of the entities.
/// @param loss the mean. @throws as `entity_scores`.
Metrics entity_metrics(const EntityScores& scores, double loss);

/// Collects the labels and predictions of the tokens that have a label, sequence by sequence. Where the labels are tags
/// of entities (`are_entity_tags`), the scores are of entities; else of words, as for one label a row.
class TokenScoreKeeper {
 public:
  /// @param label_names (K)
  explicit TokenScoreKeeper(std::vector<std::string> label_names);

  /// @param output `{loss, logits}` of `batch`, logits (N,K).
  /// @throws ValueError when a token of the batch has neither a label nor `kNoLabel`.
  template <typename Output>
  void add(const Output& output, const Batch& batch, BatchLoss loss) {
    const auto predicted = argmax_rows(output.logits.value().to(Device::cpu()));
    const auto labels = batch.labels.to(Device::cpu()), bounds = batch.cu_seqlens.to(Device::cpu());
    if (labels.numel() != static_cast<Index>(predicted.size()))
      throw ValueError(
          concat("[evaluate] expected a label for each of ", predicted.size(), " tokens but has ", labels.numel()));
    for (Index b = 0; b < batch.size(); ++b) {
      for (Index n = bounds.data()[b]; n < bounds.data()[b + 1]; ++n) {
        if (labels.data()[n] == kNoLabel) continue;
        labels_.push_back(labels.data()[n]);
        predictions_.push_back(predicted[static_cast<std::size_t>(n)]);
      }
      ends_.push_back(labels_.size());
    }
    loss_.add(loss);
    tokens_ += batch.sequence_tokens();
  }

  double mean_loss() const { return loss_.value(); }
  Index tokens() const { return tokens_; }
  std::optional<ProblemType> problem() const { return ProblemType::kSingleLabelClassification; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::int32_t>& predictions() const { return predictions_; }
  /// Of the words. @throws ValueError when nothing was added.
  ConfusionMatrix confusion() const;
  /// @throws ValueError when nothing was added.
  Metrics scores() const;
  /// The metrics that there will be, with meaningless values.
  Metrics metrics() const;
  std::string_view default_metric() const { return entities_ ? "f1_micro" : "f1_macro"; }
  /// Visits everything that was collected, for checkpoints: `f("labels", labels)` and so on.
  void visit_state(auto&& f) {
    f("labels", labels_);
    f("predictions", predictions_);
    f("ends", ends_);
    loss_.visit_state(f);
    f("tokens", tokens_);
  }

 private:
  std::vector<std::vector<std::string>> tags_of(const std::vector<std::int32_t>& classes) const;

  std::vector<std::string> names_;
  bool entities_;
  std::vector<std::int32_t> labels_, predictions_;
  std::vector<std::size_t> ends_;  // of each sequence, in labels_
  MeanLoss loss_;
  Index tokens_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/token_score_keeper.ipp>
#endif
