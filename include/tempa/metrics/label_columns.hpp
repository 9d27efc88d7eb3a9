// Scores of rows with several labels, one from each label column.
#pragma once

#include <tempa/metrics/accuracy.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Scores of one label column, or the mean of all.
struct LabelColumnScores {
  double accuracy = 0.0;
  double precision_macro = 0.0;  ///< plain mean of the classes that occur in the column, as a label or a prediction
  double recall_macro = 0.0;
  double f1_macro = 0.0;
};

/// Scores of each of A label columns, and of all.
struct LabelColumnsScores {
  std::vector<LabelColumnScores> columns;  ///< (A)
  LabelColumnScores mean;                  ///< plain mean of the columns; `accuracy` is that of all labels
  LabelColumnScores pooled;                ///< all labels taken as one column, class k of each as one class k
  double row_accuracy = 0.0;               ///< share of the rows with all labels right
};

/// Scores of labels (n,A), row after row.
///   mean.f1_macro = 1/A sum_a f1_macro_a, and likewise recall and precision; f1_macro_a is scikit-learn's
///   f1_score(labels[:, a], predictions[:, a], average="macro", zero_division=0), over the classes that occur in it;
///   mean.accuracy = (number of right labels) / (n A);
///   pooled.f1_macro = f1_score(labels.ravel(), predictions.ravel(), average="macro", zero_division=0): what IndoNLU
///   calls the F1 of aspect-based sentiment, meant for columns of the same classes.
/// @param labels (n A) true classes. @param predictions (n A) predicted ones.
/// @param num_classes (A) number of classes of each column.
/// @throws ShapeError when the sizes do not match; ValueError when there is no row, or for a class out of range.
/// @source scikit-learn; `pooled`: absa_metrics_fn of IndoNLU (Wilie et al. 2020)
LabelColumnsScores label_columns_scores(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions,
                                        std::span<const Index> num_classes);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/label_columns.ipp>
#endif
