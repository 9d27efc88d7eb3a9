// The bodies of <tempa/train/score_keeper.hpp>.
#pragma once

#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>
#include <tempa/metrics/regression.hpp>
#include <tempa/train/score_keeper.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Metrics single_label_metrics(const ConfusionMatrix& confusion, double loss) {
  const Scores macro = precision_recall_f1(confusion).macro;
  return {{.name = "loss", .value = loss, .label = "LOSS", .digits = 4, .greater_is_better = false},
          {.name = "accuracy", .value = accuracy(confusion), .label = "ACC"},
          {.name = "f1_macro", .value = macro.f1, .label = "F1"},
          {.name = "recall_macro", .value = macro.recall, .label = "REC"},
          {.name = "precision_macro", .value = macro.precision, .label = "PRE"}};
}

TEMPA_INLINE Metrics multi_label_metrics(const Tensor<float>& targets, const Tensor<float>& predictions, double loss) {
  const PrecisionRecallF1 scores = precision_recall_f1(targets, predictions);
  return {{.name = "loss", .value = loss, .label = "LOSS", .digits = 4, .greater_is_better = false},
          {.name = "accuracy", .value = accuracy(targets, predictions), .label = "ACC"},
          {.name = "f1_micro", .value = scores.micro.f1, .label = "F1_MICRO"},
          {.name = "f1_macro", .value = scores.macro.f1, .label = "F1_MACRO"},
          {.name = "recall_micro", .value = scores.micro.recall},
          {.name = "recall_macro", .value = scores.macro.recall},
          {.name = "precision_micro", .value = scores.micro.precision},
          {.name = "precision_macro", .value = scores.macro.precision}};
}

TEMPA_INLINE Metrics regression_metrics(const Tensor<float>& targets, const Tensor<float>& predictions, double loss) {
  check_rank("regression_metrics", "targets", targets.shape(), 2);
  check_shape("regression_metrics", "predictions", predictions.shape(), targets.shape());
  const Index rows = targets.size(0), columns = targets.size(1);
  double mse = 0, mae = 0, pearson = 0, spearman = 0;
  for (Index k = 0; k < columns; ++k) {
    std::vector<double> t, p;
    for (Index i = k; i < rows * columns; i += columns) {
      t.push_back(static_cast<double>(targets.data()[i]));
      p.push_back(static_cast<double>(predictions.data()[i]));
    }
    const auto share = [&](double value) { return value / static_cast<double>(columns); };
    mse += share(mean_squared_error(t, p));
    mae += share(mean_absolute_error(t, p));
    pearson += share(pearson_correlation(t, p));
    spearman += share(spearman_correlation(t, p));
  }
  return {{.name = "loss", .value = loss, .label = "LOSS", .digits = 4, .greater_is_better = false},
          {.name = "mse", .value = mse, .label = "MSE", .digits = 4, .greater_is_better = false},
          {.name = "mae", .value = mae, .label = "MAE", .digits = 4, .greater_is_better = false},
          {.name = "pearson", .value = pearson, .label = "PEARSON", .digits = 4},
          {.name = "spearman", .value = spearman, .label = "SPEARMAN", .digits = 4}};
}

TEMPA_INLINE Metrics metrics_of(ProblemType problem) {
  const auto zero = Tensor<float>::zeros({1, 1});
  if (problem == ProblemType::kRegression) return regression_metrics(zero, zero, 0);
  if (problem == ProblemType::kMultiLabelClassification) return multi_label_metrics(zero, zero, 0);
  return single_label_metrics(confusion_matrix(std::vector<std::int32_t>{0}, std::vector<std::int32_t>{0}, 1), 0);
}

TEMPA_INLINE std::string_view default_metric(ProblemType problem) {
  return problem == ProblemType::kRegression ? "mse" : "f1_macro";
}

TEMPA_INLINE Metrics ScoreKeeper::metrics() const {
  if (problem_) return metrics_of(*problem_);
  Metrics all = metrics_of(ProblemType::kSingleLabelClassification);
  for (const auto other : {ProblemType::kMultiLabelClassification, ProblemType::kRegression})
    for (const Metric& metric : metrics_of(other))
      if (!all.contains(metric.name)) all.add(metric);
  return all;
}

TEMPA_INLINE Metrics ScoreKeeper::scores() const {
  if (rows_ == 0) throw ValueError("[evaluate] expected at least one batch but there is none");
  if (*problem_ == ProblemType::kRegression) return regression_metrics(targets(), outputs(), mean_loss());
  if (*problem_ == ProblemType::kMultiLabelClassification)
    return multi_label_metrics(targets(), outputs(), mean_loss());
  return single_label_metrics(confusion(), mean_loss());
}

TEMPA_INLINE Tensor<float> ScoreKeeper::table(const std::vector<float>& values) const {
  return columns_ == 0 ? Tensor<float>() : Tensor<float>::from(values, {rows_, columns_});
}

}  // namespace tempa::inline TEMPA_ABI
