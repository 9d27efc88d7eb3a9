// Scores the predictions of a model with several label columns.
#pragma once

#include <tempa/data/batch.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/metrics/label_columns.hpp>
#include <tempa/train/score_keeper.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Scores of several labels a row as metrics: loss; `accuracy` of all labels and `accuracy_rows` of rows with all
/// labels right; means over the columns of f1_macro, recall_macro, precision_macro; `f1_pooled`, `recall_pooled` and
/// `precision_pooled` over all labels at once; and f1_macro of each column, `f1_macro_<name>`.
/// See `label_columns_scores`.
Metrics label_columns_metrics(const LabelColumnsScores& scores, std::span<const LabelColumn> columns, double loss);

/// Collects the labels and predictions of all columns.
class LabelColumnsScoreKeeper {
 public:
  /// @param columns (A)
  explicit LabelColumnsScoreKeeper(std::vector<LabelColumn> columns) : columns_(std::move(columns)) {}

  /// @param output `{loss, logits}` of `batch`, logits (A) of (B,K).
  /// @throws ValueError when a label is missing in a column of the batch.
  template <typename Output>
  void add(const Output& output, const Batch& batch, BatchLoss loss) {
    const auto labels = batch.labels.to(Device::cpu());
    const std::size_t rows = static_cast<std::size_t>(batch.size()), width = columns_.size(), begin = labels_.size();
    if (!(labels.shape() == Shape{batch.size(), static_cast<Index>(width)}))
      throw ValueError(concat("[evaluate] expected labels of ", rows, " rows and ", width, " columns but they are ",
                              labels.shape()));
    labels_.insert(labels_.end(), labels.span().begin(), labels.span().end());
    predictions_.resize(labels_.size());
    for (std::size_t a = 0; a < width; ++a) {
      const auto predicted = argmax_rows(output.logits.at(a).value().to(Device::cpu()));
      for (std::size_t b = 0; b < rows; ++b) predictions_[begin + b * width + a] = predicted[b];
    }
    loss_.add(loss);
    rows_ += rows;
    tokens_ += batch.tokens();
  }

  double mean_loss() const { return loss_.value(); }
  Index tokens() const { return tokens_; }
  std::optional<ProblemType> problem() const { return ProblemType::kSingleLabelClassification; }
  /// (n A) row after row.
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::int32_t>& predictions() const { return predictions_; }
  /// @throws ValueError when nothing was added.
  Metrics scores() const;
  /// The metrics that there will be, with meaningless values.
  Metrics metrics() const;
  std::string_view default_metric() const { return "f1_macro"; }
  /// Visits everything that was collected, for checkpoints: `f("labels", labels)` and so on.
  void visit_state(auto&& f) {
    f("labels", labels_);
    f("predictions", predictions_);
    loss_.visit_state(f);
    f("rows", rows_);
    f("tokens", tokens_);
  }

 private:
  std::vector<LabelColumn> columns_;
  std::vector<std::int32_t> labels_, predictions_;  // (n A)
  MeanLoss loss_;
  std::size_t rows_ = 0;
  Index tokens_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/impl/label_columns_score_keeper.ipp>
#endif
