// How well a classifier does on batches with labels.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/confusion_matrix.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/train/progress.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The figures of the tutorial's epoch line.
struct ClassifierScores {
  double loss = 0;  ///< mean over the rows
  double accuracy = 0;
  double f1_macro = 0;  ///< mean over the classes, 0 for a class without predictions and rows
  double recall_macro = 0;
  double precision_macro = 0;

  /// A score by name: loss, accuracy, f1_macro, recall_macro or precision_macro. @throws ConfigError for another.
  double metric(std::string_view name) const {
    if (name == "loss") return loss;
    if (name == "accuracy") return accuracy;
    if (name == "f1_macro") return f1_macro;
    if (name == "recall_macro") return recall_macro;
    if (name == "precision_macro") return precision_macro;
    throw ConfigError(
        concat("[ClassifierScores] metric must be loss, accuracy, f1_macro, recall_macro or precision_macro ",
               "but is '", name, "'"));
  }
  /// Whether more is better: for all but the loss.
  static bool greater_is_better(std::string_view name) { return name != "loss"; }

  /// "LOSS:0.3223 ACC:0.88 F1:0.84 REC:0.81 PRE:0.88"
  std::string line() const {
    char text[160];
    std::snprintf(text, sizeof text, "LOSS:%.4f ACC:%.2f F1:%.2f REC:%.2f PRE:%.2f", loss, accuracy, f1_macro,
                  recall_macro, precision_macro);
    return text;
  }
};

/// Position of the largest of each row's logits; the first of equals.
/// @param logits (B,K). @return (B)
template <Real T>
std::vector<std::int32_t> argmax_rows(const Tensor<T>& logits) {
  const auto [rows, classes] = logits.shape().flatten_to_2d();
  std::vector<std::int32_t> result;
  for (Index i = 0; i < rows; ++i) {
    const T* row = logits.data() + i * classes;
    result.push_back(static_cast<std::int32_t>(std::max_element(row, row + classes) - row));
  }
  return result;
}

/// Collects labels, predictions and losses batch by batch.
class ScoreKeeper {
 public:
  /// @param output `{loss, logits}` of `batch`. @param loss its mean over the batch's rows.
  template <typename Output, typename Batch>
  void add(const Output& output, const Batch& batch, double loss) {
    const auto predicted = argmax_rows(output.logits.value().to(Device::cpu()));
    const auto expected = batch.labels.to(Device::cpu()).to_vector();
    if (expected.size() != predicted.size())
      throw ValueError(
          concat("[evaluate] expected a label for each of ", predicted.size(), " rows but has ", expected.size()));
    predictions_.insert(predictions_.end(), predicted.begin(), predicted.end());
    labels_.insert(labels_.end(), expected.begin(), expected.end());
    loss_sum_ += loss * static_cast<double>(predicted.size());
    tokens_ += batch.tokens();
    classes_ = output.logits.size(-1);
  }

  double mean_loss() const { return labels_.empty() ? 0.0 : loss_sum_ / static_cast<double>(labels_.size()); }
  Index tokens() const { return tokens_; }
  const std::vector<std::int32_t>& labels() const { return labels_; }
  const std::vector<std::int32_t>& predictions() const { return predictions_; }

  /// @throws ValueError when nothing was added.
  ConfusionMatrix confusion() const { return confusion_matrix(labels_, predictions_, std::max<Index>(classes_, 1)); }
  ClassifierScores scores() const {
    const ConfusionMatrix matrix = confusion();
    const Scores macro = precision_recall_f1(matrix).macro;
    return {mean_loss(), accuracy(matrix), macro.f1, macro.recall, macro.precision};
  }

 private:
  std::vector<std::int32_t> labels_, predictions_;
  double loss_sum_ = 0;
  Index tokens_ = 0;
  Index classes_ = 0;
};

/// What `evaluate` found.
struct Evaluation {
  ClassifierScores scores;
  ConfusionMatrix confusion;
  std::vector<std::int32_t> labels;       ///< (n) in the order of the batches
  std::vector<std::int32_t> predictions;  ///< (n)
};

/// Runs `model` over all batches of `loader` in evaluation mode, without recording; the mode is then as it was for
/// evaluation: call `model.train()` to go on training (`Trainer` does).
/// @throws ValueError for an empty loader or batches without labels.
template <Module Model, typename Loader>
Evaluation evaluate(Model& model, Loader& loader, ProgressOptions options = {.out = nullptr}) {
  const NoGrad no_grad;
  set_training(model, false);
  ScoreKeeper keeper;
  for (const auto& batch : progress(loader, std::move(options))) {
    const auto output = model(batch);
    if (!output.loss.defined()) throw ValueError("[evaluate] expected batches with labels but the model gave no loss");
    keeper.add(output, batch, static_cast<double>(output.loss.item()));
  }
  return {keeper.scores(), keeper.confusion(), keeper.labels(), keeper.predictions()};
}

}  // namespace tempa::inline TEMPA_ABI
