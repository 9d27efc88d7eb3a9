// Precision, recall and F1 of each class and their averages, as scikit-learn computes them.
#pragma once

#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/multi_label.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Precision, recall and F1 of one class, or an average of them.
struct Scores {
  double precision = 0.0;  ///< correct / predicted
  double recall = 0.0;     ///< correct / support
  double f1 = 0.0;         ///< 2 correct / (predicted + support)
  Index support = 0;       ///< examples that are of the class; of an average: the sum
};

/// Options of `precision_recall_f1`.
struct PrecisionRecallF1Options {
  /// What a score with denominator 0 is: 0 (also scikit-learn's "warn"), 1, or NaN, which averages leave out.
  double zero_division = 0.0;
  /// Classes to score, in this order: scikit-learn's `labels`. Empty: all. Averages are over these only, absent
  /// classes included; for scikit-learn's default, which leaves those out, give `matrix.present_classes()`.
  std::vector<Index> classes = {};
};

/// Scores of each class, and their averages.
struct PrecisionRecallF1 {
  std::vector<Index> classes;     ///< (K) the class that each entry of `per_class` is about
  std::vector<Scores> per_class;  ///< (K)
  Scores micro;                   ///< of the sums of the counts
  Scores macro;                   ///< plain mean of the classes
  Scores weighted;                ///< mean of the classes, weighted by support
  std::optional<Scores> samples;  ///< several labels only: plain mean of the examples' scores
  /// What scikit-learn warns about: "precision is undefined for class 2 (never predicted); …"; empty when there is
  /// nothing to warn about.
  std::string warning;
};

namespace detail {

Scores scores_of(const ClassCounts& counts, double zero_division);

Scores mean_scores(std::span<const Scores> scores, bool weighted);

}  // namespace detail

/// Scores of counted predictions.
/// @return scores of each class and their averages; a score with denominator 0 is `zero_division`.
/// @throws ValueError for a `zero_division` that is not 0, 1 or NaN, and for classes that are out of range or repeated.
/// @source scikit-learn `precision_recall_fscore_support`
PrecisionRecallF1 precision_recall_f1(const ConfusionMatrix& matrix, const PrecisionRecallF1Options& options = {});

/// Scores of predictions. @param labels (n) true classes. @param predictions (n) predicted classes.
/// @param num_classes K. @throws ShapeError, ValueError as `confusion_matrix` and above.
PrecisionRecallF1 precision_recall_f1(std::span<const std::int32_t> labels, std::span<const std::int32_t> predictions,
                                      Index num_classes, const PrecisionRecallF1Options& options = {});

/// Scores where an example has any number of labels.
/// @param targets, @param predictions (B,K) of 0 and 1 (see `indicators`).
/// @return also `samples`. @throws ShapeError, ValueError as `multi_label_counts` and
/// above.
/// @source scikit-learn `precision_recall_fscore_support`
PrecisionRecallF1 precision_recall_f1(const Tensor<float>& targets, const Tensor<float>& predictions,
                                      const PrecisionRecallF1Options& options = {});

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/metrics/impl/precision_recall_f1.ipp>
#endif
