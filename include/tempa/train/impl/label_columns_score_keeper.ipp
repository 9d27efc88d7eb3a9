// The bodies of <tempa/train/label_columns_score_keeper.hpp>.
#pragma once

#include <tempa/train/label_columns_score_keeper.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Metrics label_columns_metrics(const LabelColumnsScores& scores, std::span<const LabelColumn> columns,
                                           double loss) {
  Metrics metrics{{.name = "loss", .value = loss, .label = "LOSS", .digits = 4, .greater_is_better = false},
                  {.name = "accuracy", .value = scores.mean.accuracy, .label = "ACC"},
                  {.name = "accuracy_rows", .value = scores.row_accuracy},
                  {.name = "f1_macro", .value = scores.mean.f1_macro, .label = "F1"},
                  {.name = "recall_macro", .value = scores.mean.recall_macro, .label = "REC"},
                  {.name = "precision_macro", .value = scores.mean.precision_macro, .label = "PRE"},
                  {.name = "f1_pooled", .value = scores.pooled.f1_macro},
                  {.name = "recall_pooled", .value = scores.pooled.recall_macro},
                  {.name = "precision_pooled", .value = scores.pooled.precision_macro}};
  for (std::size_t a = 0; a < columns.size(); ++a)
    metrics.add({.name = "f1_macro_" + columns[a].name, .value = scores.columns[a].f1_macro});
  return metrics;
}

TEMPA_INLINE Metrics LabelColumnsScoreKeeper::scores() const {
  if (rows_ == 0) throw ValueError("[evaluate] expected at least one batch but there is none");
  std::vector<Index> classes;
  for (const LabelColumn& column : columns_) classes.push_back(static_cast<Index>(column.labels.size()));
  return label_columns_metrics(label_columns_scores(labels_, predictions_, classes), columns_, mean_loss());
}

TEMPA_INLINE Metrics LabelColumnsScoreKeeper::metrics() const {
  LabelColumnsScores scores;
  scores.columns.resize(columns_.size());
  return label_columns_metrics(scores, columns_, 0);
}

}  // namespace tempa::inline TEMPA_ABI
