// The bodies of <tempa/train/token_score_keeper.hpp>.
#pragma once

#include <tempa/train/token_score_keeper.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Metrics entity_metrics(const EntityScores& scores, double loss) {
  return {{.name = "loss", .value = loss, .label = "LOSS", .digits = 4, .greater_is_better = false},
          {.name = "accuracy", .value = scores.accuracy, .label = "ACC"},
          {.name = "f1_micro", .value = scores.micro.f1, .label = "F1"},
          {.name = "recall_micro", .value = scores.micro.recall, .label = "REC"},
          {.name = "precision_micro", .value = scores.micro.precision, .label = "PRE"},
          {.name = "f1_macro", .value = scores.macro.f1}};
}

TEMPA_INLINE TokenScoreKeeper::TokenScoreKeeper(std::vector<std::string> label_names)
    : names_(std::move(label_names)), entities_(are_entity_tags(names_)) {}

TEMPA_INLINE ConfusionMatrix TokenScoreKeeper::confusion() const {
  return confusion_matrix(labels_, predictions_, static_cast<Index>(names_.size()));
}

TEMPA_INLINE Metrics TokenScoreKeeper::scores() const {
  if (labels_.empty()) throw ValueError("[evaluate] expected at least one labeled token but there is none");
  if (!entities_) return single_label_metrics(confusion(), mean_loss());
  return entity_metrics(entity_scores(tags_of(labels_), tags_of(predictions_)), mean_loss());
}

TEMPA_INLINE Metrics TokenScoreKeeper::metrics() const {
  return entities_ ? entity_metrics({}, 0) : metrics_of(ProblemType::kSingleLabelClassification);
}

TEMPA_INLINE std::vector<std::vector<std::string>> TokenScoreKeeper::tags_of(
    const std::vector<std::int32_t>& classes) const {
  std::vector<std::vector<std::string>> sentences;
  std::size_t begin = 0;
  for (const std::size_t end : ends_) {
    sentences.emplace_back();
    for (; begin < end; ++begin) sentences.back().push_back(names_.at(static_cast<std::size_t>(classes[begin])));
  }
  return sentences;
}

}  // namespace tempa::inline TEMPA_ABI
