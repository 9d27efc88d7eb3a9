// Evaluates a classifier on batches with labels.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/nn/classification_loss.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/train/detail/score_keeper_of.hpp>
#include <tempa/train/loss_weight.hpp>
#include <tempa/train/progress.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The results of `evaluate`; rows in the order of the batches.
struct Evaluation {
  ProblemType problem = ProblemType::kSingleLabelClassification;
  Metrics scores;                              ///< `evaluation.scores["f1_macro"]`
  std::optional<ConfusionMatrix> confusion{};  ///< one label a row, or a token, only
  std::vector<std::int32_t> labels{};          ///< (n), or (n A) of label columns
  std::vector<std::int32_t> predictions{};     ///< as `labels`
  Tensor<float> targets{};                     ///< (n,K) several labels or a regression only, like the next
  Tensor<float> outputs{};                     ///< (n,K) 0 or 1, or values
};

/// Options of `evaluate`.
struct EvaluationOptions {
  std::optional<ProblemType> problem_type{};  ///< nothing: the model's, or what the batches look like
  ProgressOptions progress{.out = nullptr};
};

namespace detail {
/// While alive, the loss of `model` is the plain one, where `loss_options` make it another.
template <typename Model>
class PlainLoss {
 public:
  explicit PlainLoss(Model& model) : model_(model) { exchange(); }
  ~PlainLoss() { exchange(); }
  PlainLoss(const PlainLoss&) = delete;
  PlainLoss& operator=(const PlainLoss&) = delete;

 private:
  void exchange() {
    if constexpr (kHasOptions) std::swap(model_.loss_options, other_);
  }
  static constexpr bool kHasOptions = requires(Model & model, ClassificationLossOptions& options) {
    std::swap(model.loss_options, options);
  };

  Model& model_;
  ClassificationLossOptions other_;
};
}  // namespace detail

/// Runs `model` over all batches of `loader` in evaluation mode, without recording; the model stays in
/// evaluation mode: call `model.train()` to continue training (`Trainer` does).
///
/// The loss is one sum over one weight (`loss_weight_of`), however the rows are cut into batches, and the plain one:
/// without the class weights and the smoothing of `loss_options`, which only affect the training, and which a saved
/// model does not record. So it is the same number during a training, after it and of the saved model, and trainings
/// with other weights can be compared. (Keras leaves class weights out of validation too; transformers' eval_loss has
/// both.)
/// @throws ValueError for an empty loader or batches without labels; NumericalError for a loss that is not finite.
template <Module Model, typename Loader>
Evaluation evaluate(Model& model, Loader& loader, EvaluationOptions options = {}) {
  const NoGrad no_grad;
  const ProfileScope scope("evaluation");
  set_training(model, false);
  const detail::PlainLoss<Model> plain(model);
  auto keeper = score_keeper_of(model, options.problem_type ? options.problem_type : problem_type_of(model));
  Index batches = 0;
  for (const auto& batch : progress(loader, std::move(options.progress))) {
    const auto output = model(input_for(model, batch));
    if (!output.loss.defined()) throw ValueError("[evaluate] expected batches with labels but the model gave no loss");
    const double loss = static_cast<double>(output.loss.item());
    ++batches;
    if (!std::isfinite(loss))
      throw NumericalError(concat("[evaluate] expected a finite loss but that of batch ", batches, " is ",
                                  std::isnan(loss) ? std::string("nan") : concat(loss),
                                  ": the weights are not finite, or too large for the precision"));
    keeper.add(output, batch, {.mean = loss, .weight = loss_weight_of(model, batch)});
  }
  Evaluation evaluation;
  evaluation.scores = keeper.scores();
  evaluation.problem = *keeper.problem();
  if (evaluation.problem == ProblemType::kSingleLabelClassification) {
    if constexpr (requires { keeper.confusion(); }) evaluation.confusion = keeper.confusion();
    evaluation.labels = keeper.labels();
    evaluation.predictions = keeper.predictions();
  } else if constexpr (requires { keeper.targets(); }) {
    evaluation.targets = keeper.targets();
    evaluation.outputs = keeper.outputs();
  }
  return evaluation;
}

}  // namespace tempa::inline TEMPA_ABI
