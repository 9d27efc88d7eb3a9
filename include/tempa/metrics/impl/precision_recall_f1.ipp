// The bodies of <tempa/metrics/precision_recall_f1.hpp>.
#pragma once

#include <tempa/metrics/precision_recall_f1.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <string_view>

namespace tempa::inline TEMPA_ABI {

namespace detail {

// The sum in the order in which numpy adds, so that means agree to the last bit.
inline double numpy_sum(std::span<const double> a) {
  if (a.size() > 128) {
    const std::size_t half = a.size() / 2 - a.size() / 2 % 8;
    return numpy_sum(a.first(half)) + numpy_sum(a.subspan(half));
  }
  double sum = 0.0;
  std::size_t i = 0;
  if (a.size() >= 8) {
    double lanes[8];
    for (; i < 8; ++i) lanes[i] = a[i];
    for (; i < a.size() - a.size() % 8; ++i) lanes[i % 8] += a[i];
    sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
  }
  for (; i < a.size(); ++i) sum += a[i];
  return sum;
}

// Mean without the NaNs; without weights, or with weights that are all 0, the plain one; of nothing, NaN.
inline double nan_mean(std::span<const double> values, std::span<const double> weights = {}) {
  std::vector<double> kept, products, kept_weights;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    kept.push_back(values[i]);
    if (weights.empty()) continue;
    products.push_back(values[i] * weights[i]);
    kept_weights.push_back(weights[i]);
  }
  if (kept.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double total = numpy_sum(kept_weights);
  return total == 0.0 ? numpy_sum(kept) / static_cast<double>(kept.size()) : numpy_sum(products) / total;
}

TEMPA_INLINE Scores scores_of(const ClassCounts& counts, double zero_division) {
  const auto divide = [&](Index numerator, Index denominator) {
    return denominator == 0 ? zero_division : static_cast<double>(numerator) / static_cast<double>(denominator);
  };
  return {.precision = divide(counts.correct, counts.predicted),
          .recall = divide(counts.correct, counts.support),
          .f1 = divide(2 * counts.correct, counts.predicted + counts.support),
          .support = counts.support};
}

TEMPA_INLINE Scores mean_scores(std::span<const Scores> scores, bool weighted) {
  std::vector<double> precisions, recalls, f1s, weights;
  Scores mean;
  for (const Scores& s : scores) {
    precisions.push_back(s.precision);
    recalls.push_back(s.recall);
    f1s.push_back(s.f1);
    if (weighted) weights.push_back(static_cast<double>(s.support));
    mean.support += s.support;
  }
  mean.precision = nan_mean(precisions, weights);
  mean.recall = nan_mean(recalls, weights);
  mean.f1 = nan_mean(f1s, weights);
  return mean;
}

inline std::string undefined_text(std::string_view metric, std::string_view why, std::span<const Index> classes) {
  if (classes.empty()) return {};
  std::string text = concat(metric, " is undefined for class", classes.size() > 1 ? "es" : "");
  for (std::size_t i = 0; i < classes.size(); ++i) text += concat(i == 0 ? " " : ", ", classes[i]);
  return text + concat(" (", why, ")");
}

inline PrecisionRecallF1 scores_from_counts(std::span<const ClassCounts> counts,
                                            const PrecisionRecallF1Options& options) {
  if (options.zero_division != 0.0 && options.zero_division != 1.0 && !std::isnan(options.zero_division))
    throw ValueError(concat("[precision_recall_f1] zero_division must be 0, 1 or NaN but is ", options.zero_division));
  PrecisionRecallF1 result;
  result.classes = options.classes;
  if (result.classes.empty()) {
    result.classes.resize(counts.size());
    std::iota(result.classes.begin(), result.classes.end(), Index{0});
  }
  ClassCounts sum;
  std::vector<bool> seen(counts.size(), false);
  std::vector<Index> never_predicted, never_true;
  for (const Index k : result.classes) {
    if (k < 0 || k >= static_cast<Index>(counts.size()) || seen[static_cast<std::size_t>(k)])
      throw ValueError(concat("[precision_recall_f1] classes must be different ones from 0 to ",
                              static_cast<Index>(counts.size()) - 1, " but ", k, " is not"));
    seen[static_cast<std::size_t>(k)] = true;
    const ClassCounts& own = counts[static_cast<std::size_t>(k)];
    result.per_class.push_back(scores_of(own, options.zero_division));
    if (own.predicted == 0) never_predicted.push_back(k);
    if (own.support == 0) never_true.push_back(k);
    sum.correct += own.correct;
    sum.predicted += own.predicted;
    sum.support += own.support;
  }
  result.micro = scores_of(sum, options.zero_division);
  result.macro = mean_scores(result.per_class, false);
  result.weighted = mean_scores(result.per_class, true);
  result.warning = undefined_text("precision", "never predicted", never_predicted);
  const std::string recall = undefined_text("recall", "never true", never_true);
  if (!result.warning.empty() && !recall.empty()) result.warning += "; ";
  result.warning += recall;
  return result;
}

}  // namespace detail

TEMPA_INLINE PrecisionRecallF1 precision_recall_f1(const ConfusionMatrix& matrix,
                                                   const PrecisionRecallF1Options& options) {
  std::vector<ClassCounts> counts;
  for (Index k = 0; k < matrix.num_classes(); ++k)
    counts.push_back({.correct = matrix(k, k), .predicted = matrix.predicted(k), .support = matrix.support(k)});
  return detail::scores_from_counts(counts, options);
}

TEMPA_INLINE PrecisionRecallF1 precision_recall_f1(std::span<const std::int32_t> labels,
                                                   std::span<const std::int32_t> predictions, Index num_classes,
                                                   const PrecisionRecallF1Options& options) {
  return precision_recall_f1(confusion_matrix(labels, predictions, num_classes), options);
}

TEMPA_INLINE PrecisionRecallF1 precision_recall_f1(const Tensor<float>& targets, const Tensor<float>& predictions,
                                                   const PrecisionRecallF1Options& options) {
  const MultiLabelCounts counts = multi_label_counts(targets, predictions, options.classes);
  PrecisionRecallF1 result = detail::scores_from_counts(counts.labels, options);
  std::vector<Scores> samples;
  for (const ClassCounts& sample : counts.samples) samples.push_back(detail::scores_of(sample, options.zero_division));
  result.samples = detail::mean_scores(samples, false);
  result.samples->support = result.micro.support;
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
