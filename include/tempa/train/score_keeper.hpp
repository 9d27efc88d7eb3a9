// Collects the predictions of a classifier for batches with labels and scores them, for each kind of problem.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/io/state_dict.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/metrics.hpp>
#include <tempa/metrics/multi_label.hpp>
#include <tempa/metrics/problem_type.hpp>
#include <tempa/tensor/tensor.hpp>
#include <tempa/train/loss_weight.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Position of the largest of each row's logits; the first of equals.
/// @param logits (B,K). @return (B)
template <Floating T>
std::vector<std::int32_t> argmax_rows(const Tensor<T>& logits) {
  const auto [rows, classes] = logits.shape().flatten_to_2d();
  std::vector<std::int32_t> result;
  for (Index i = 0; i < rows; ++i) {
    const T* row = logits.data() + i * classes;
    result.push_back(static_cast<std::int32_t>(
        std::max_element(row, row + classes, [](T a, T b) { return widen(a) < widen(b); }) - row));
  }
  return result;
}

/// Scores of one label a row: loss, accuracy, and macro averages over all classes (0 for one without predictions and
/// rows). @param loss the mean.
Metrics single_label_metrics(const ConfusionMatrix& confusion, double loss);

/// Scores of several labels a row: loss, micro and macro averages, and `accuracy`, the share of rows with all labels
/// right. @param targets, @param predictions (n,K) of 0 and 1. @param loss the mean.
/// @source scikit-learn `f1_score`, `accuracy_score`
Metrics multi_label_metrics(const Tensor<float>& targets, const Tensor<float>& predictions, double loss);

/// Scores of a regression; of several values a row the means over the values.
/// @param targets, @param predictions (n,K). @param loss the mean.
/// @source scikit-learn `mean_squared_error`, `mean_absolute_error`; scipy.stats `pearsonr`, `spearmanr` (as GLUE)
Metrics regression_metrics(const Tensor<float>& targets, const Tensor<float>& predictions, double loss);

/// The metrics of a problem, with meaningless values: for their names, and whether greater is better.
Metrics metrics_of(ProblemType problem);

/// The metric to watch unless another one is chosen: f1_macro of a classifier, mse of a regression.
std::string_view default_metric(ProblemType problem);

/// The kind of problem that a model's configuration names; nothing when it names none or there is no configuration.
template <typename Model>
std::optional<ProblemType> problem_type_of(const Model& model) {
  if constexpr (requires { std::optional<ProblemType>(model.config().problem_type); }) {
    return model.config().problem_type;
  } else {
    return std::nullopt;
  }
}

/// Collects labels, predictions and losses batch by batch.
class ScoreKeeper {
 public:
  /// @param problem nothing: found from the first batch, as a model without `problem_type` does: one label a row when
  ///   the batches have labels, else a regression for one logit and several labels for more.
  explicit ScoreKeeper(std::optional<ProblemType> problem = std::nullopt) : problem_(problem) {}

  /// @param output `{loss, logits}` of `batch`.
  /// @throws ValueError when a row of the batch has neither label nor targets.
  template <typename Output, typename Batch>
  void add(const Output& output, const Batch& batch, BatchLoss loss) {
    const auto logits = output.logits.value().to(Device::cpu());
    if (!problem_) problem_ = problem_of(batch, logits.size(-1));
    const auto [rows, columns] = logits.shape().flatten_to_2d();
    if (*problem_ == ProblemType::kSingleLabelClassification) {
      const auto predicted = argmax_rows(logits);
      const auto expected = batch.labels.to(Device::cpu()).to_vector();
      if (expected.size() != predicted.size())
        throw ValueError(
            concat("[evaluate] expected a label for each of ", predicted.size(), " rows but has ", expected.size()));
      for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i] == kNoLabel) continue;
        predictions_.push_back(predicted[i]);
        labels_.push_back(expected[i]);
      }
    } else {
      add_targets(logits, batch);
    }
    loss_.add(loss);
    rows_ += rows;
    tokens_ += batch.sequence_tokens();
    columns_ = columns;
  }

  /// The metrics that there will be, with meaningless values; of all problems where the problem is not known yet.
  Metrics metrics() const;
  /// As `tempa::default_metric`.
  std::string_view default_metric() const { return tempa::default_metric(problem_.value_or(ProblemType{})); }

  double mean_loss() const { return loss_.value(); }
  Index tokens() const { return tokens_; }
  /// Absent before the first batch, unless it was given.
  std::optional<ProblemType> problem() const { return problem_; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::int32_t>& predictions() const { return predictions_; }
  /// (n,K) targets of several labels or of a regression.
  Tensor<float> targets() const { return table(targets_); }
  /// (n,K) predictions: 0 or 1 for each of several labels (1 from a probability of 0.5), or the values of a regression.
  Tensor<float> outputs() const { return table(outputs_); }

  /// Of one label a row. @throws ValueError when nothing was added.
  ConfusionMatrix confusion() const { return confusion_matrix(labels_, predictions_, std::max<Index>(columns_, 1)); }
  /// @throws ValueError when nothing was added.
  Metrics scores() const;
  /// Visits everything that was collected, for checkpoints: `f("labels", labels)` and so on.
  void visit_state(auto&& f) {
    f("labels", labels_);
    f("predictions", predictions_);
    f("targets", targets_);
    f("outputs", outputs_);
    loss_.visit_state(f);
    f("rows", rows_);
    f("tokens", tokens_);
    f("columns", columns_);
  }

 private:
  template <typename Batch>
  static ProblemType problem_of(const Batch& batch, Index columns) {
    if (!batch.labels.empty()) return ProblemType::kSingleLabelClassification;
    return columns == 1 ? ProblemType::kRegression : ProblemType::kMultiLabelClassification;
  }

  template <typename Logits, typename Batch>
  void add_targets(const Logits& logits, const Batch& batch) {
    if constexpr (requires { batch.targets.to(Device::cpu()); }) {
      const Tensor<float> targets = batch.targets.to(Device::cpu());
      if (!(targets.shape() == logits.shape()))
        throw ValueError(concat("[evaluate] expected targets of shape ", logits.shape(), " but has ", targets.shape()));
      Tensor<float> outputs = logits.template cast<float>();
      if (*problem_ == ProblemType::kMultiLabelClassification) outputs = indicators(outputs, 0.0F);
      targets_.insert(targets_.end(), targets.span().begin(), targets.span().end());
      outputs_.insert(outputs_.end(), outputs.span().begin(), outputs.span().end());
    } else {
      throw ValueError("[evaluate] expected batches with targets but this kind of batch has none");
    }
  }

  Tensor<float> table(const std::vector<float>& values) const;

  std::optional<ProblemType> problem_;
  std::vector<std::int32_t> labels_, predictions_;
  std::vector<float> targets_, outputs_;  // (n,K)
  MeanLoss loss_;
  Index rows_ = 0, tokens_ = 0, columns_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/score_keeper.ipp>
#endif
