// The training loop: epochs, accumulation, clipping, schedule, evaluation, early stopping, the best model kept.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>
#include <tempa/optim/optimizer.hpp>
#include <tempa/train/early_stopping.hpp>
#include <tempa/train/evaluation.hpp>
#include <tempa/train/progress.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iostream>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// When the learning rate scheduler steps.
enum class ScheduleStep {
  kEpoch,  ///< after each epoch
  kStep    ///< after each optimizer step
};

/// What one epoch brought.
struct EpochRecord {
  Index epoch = 0;                        ///< from 1
  ClassifierScores train;                 ///< on the training batches as they were, with dropout
  std::optional<ClassifierScores> valid;  ///< when the epoch was evaluated
  double lr = 0;                          ///< of the first group, during the epoch's last step
  double seconds = 0;                     ///< of the training part
  double tokens_per_second = 0;
  bool best = false;  ///< whether the chosen metric is the best so far
};

/// Options of `Trainer`.
struct TrainerOptions {
  Index epochs = 5;
  Index evaluate_every = 1;               ///< epochs between evaluations; the last epoch is always evaluated
  Index gradient_accumulation_steps = 1;  ///< batches whose gradients are averaged for one optimizer step
  double max_grad_norm = 0.0;             ///< global L2 norm to clip to; 0: no clipping
  std::string metric = "f1_macro";        ///< what is watched: see `ClassifierScores::metric`
  std::optional<Index> patience{};        ///< evaluations without improvement before stopping; never when absent
  bool restore_best = true;               ///< put the weights of the best evaluation back at the end
  AveragedModel* average = nullptr;       ///< updated after each step; what is evaluated, kept and left in the model
  std::ostream* log = &std::cout;         ///< epoch lines; nullptr: silent
  ProgressOptions progress{};
};

/// Trains a classifier: a module whose call on a batch gives `{loss, logits}` and whose batches have `labels`.
///
///   Trainer trainer(model, optimizer, {.epochs = 5, .patience = 3});
///   trainer.set_scheduler(scheduler, ScheduleStep::kEpoch);
///   const std::vector<EpochRecord> history = trainer.fit(train_loader, valid_loader);
///
/// @source the `train` of IndoNLU's main.py; transformers.Trainer
template <Module Model>
class Trainer {
 public:
  /// @throws ConfigError for an option out of its range.
  Trainer(Model& model, Optimizer& optimizer, TrainerOptions options = {})
      : model_(model), optimizer_(optimizer), options_(std::move(options)) {
    const auto at_least_one = [](std::string_view field, Index value) {
      if (value < 1) throw ConfigError(concat("[Trainer] ", field, " must be at least 1 but is ", value));
    };
    at_least_one("epochs", options_.epochs);
    at_least_one("evaluate_every", options_.evaluate_every);
    at_least_one("gradient_accumulation_steps", options_.gradient_accumulation_steps);
    if (options_.patience) at_least_one("patience", *options_.patience);
    if (!(options_.max_grad_norm >= 0))
      throw ConfigError(concat("[Trainer] max_grad_norm must not be negative but is ", options_.max_grad_norm));
    ClassifierScores{}.metric(options_.metric);
  }

  /// Steps `scheduler` once an epoch or once an optimizer step. It must outlive the trainer.
  void set_scheduler(LRScheduler& scheduler, ScheduleStep when) {
    set_scheduler([&scheduler](const ClassifierScores*) { scheduler.step(); }, when);
  }
  /// The same for any schedule, `ReduceLROnPlateau` for one: called with the validation's scores, or nullptr without.
  void set_scheduler(std::function<void(const ClassifierScores*)> step, ScheduleStep when) {
    schedule_ = std::move(step);
    schedule_when_ = when;
  }
  /// Called after each epoch; returning false ends the training.
  void on_epoch_end(std::function<bool(const EpochRecord&)> callback) {
    epoch_callbacks_.push_back(std::move(callback));
  }
  /// Called after each optimizer step with its number, from 1 over all epochs, and the loss of its last batch.
  void on_step_end(std::function<void(Index step, double loss)> callback) {
    step_callbacks_.push_back(std::move(callback));
  }
  /// Called when an evaluation is the best so far, with the evaluated weights in the model.
  void on_best(std::function<void(const EpochRecord&)> callback) { best_callbacks_.push_back(std::move(callback)); }

  /// Trains without validation: the last weights stay.
  template <typename Loader>
  std::vector<EpochRecord> fit(Loader& train) {
    return run(train, [](Model&) -> std::optional<ClassifierScores> { return std::nullopt; });
  }
  /// Trains, evaluates on `valid`, and at the end puts the best weights back.
  /// @throws NumericalError for a loss that is NaN or infinite, with epoch, step and rows; the weights are then those
  ///   before the step.
  template <typename Loader, typename ValidLoader>
  std::vector<EpochRecord> fit(Loader& train, ValidLoader& valid) {
    return run(train, [&](Model& model) -> std::optional<ClassifierScores> {
      return evaluate(model, valid, described("VALID")).scores;
    });
  }

 private:
  using Clock = std::chrono::steady_clock;

  template <typename Loader, typename Validate>
  std::vector<EpochRecord> run(Loader& train, const Validate& validate) {
    std::vector<EpochRecord> history;
    EarlyStopping watch({.patience = options_.patience.value_or(options_.epochs + 1),
                         .greater_is_better = ClassifierScores::greater_is_better(options_.metric)});
    StateDict best;
    for (Index epoch = 1; epoch <= options_.epochs; ++epoch) {
      EpochRecord record = train_epoch(train, epoch);
      std::optional<AveragedModel::Applied> averaged;
      if (options_.average != nullptr && options_.average->num_updates() > 0) averaged.emplace(*options_.average);
      if (epoch % options_.evaluate_every == 0 || epoch == options_.epochs) record.valid = validate(model_);
      if (record.valid) {
        record.best = watch.update(record.valid->metric(options_.metric));
        if (record.best) {
          if (options_.restore_best) best = copy_of(state_dict(model_));
          for (const auto& callback : best_callbacks_) callback(record);
        }
      }
      averaged.reset();
      log(record);
      if (schedule_ && schedule_when_ == ScheduleStep::kEpoch) schedule_(record.valid ? &*record.valid : nullptr);
      history.push_back(record);
      bool go_on = !(record.valid && watch.should_stop());
      for (const auto& callback : epoch_callbacks_) go_on = callback(record) && go_on;
      if (!go_on) break;
    }
    if (!best.empty()) {
      load_state_dict(model_, best);
    } else if (options_.average != nullptr && options_.average->num_updates() > 0) {
      options_.average->swap();
    }
    return history;
  }

  template <typename Loader>
  EpochRecord train_epoch(Loader& train, Index epoch) {
    EpochRecord record;
    record.epoch = epoch;
    set_training(model_, true);
    ScoreKeeper keeper;
    const auto start = Clock::now();
    ProgressBar bar(static_cast<Index>(train.size()), described(concat("(Epoch ", epoch, ") TRAIN")));
    Index batch_index = 0;
    const Index batches = static_cast<Index>(train.size());
    const Index accumulation = options_.gradient_accumulation_steps;
    for (const auto& batch : train) {
      const auto output = model_(batch);
      if (!output.loss.defined()) throw ValueError("[Trainer] expected batches with labels but the model gave no loss");
      const double loss = static_cast<double>(output.loss.item());
      if (!std::isfinite(loss)) throw NumericalError(fault(epoch, batch_index, loss, batch));
      // The last group of an epoch may be smaller: its gradients are averaged over what it has.
      const Index in_group = std::min(accumulation, batches - batch_index / accumulation * accumulation);
      output.loss.backward(scaled_seed(output.loss, in_group));
      keeper.add(output, batch, loss);
      ++batch_index;
      if (batch_index % accumulation == 0 || batch_index == batches) step(loss, record);
      bar.set_postfix(running_text(keeper.mean_loss(), optimizer_.lr()));
      bar.advance();
    }
    bar.close();
    record.train = keeper.scores();
    record.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    record.tokens_per_second = record.seconds > 0 ? static_cast<double>(keeper.tokens()) / record.seconds : 0.0;
    return record;
  }

  void step(double loss, EpochRecord& record) {
    record.lr = optimizer_.lr();
    if (options_.max_grad_norm > 0) clip_grad_norm(optimizer_, options_.max_grad_norm, {.error_if_nonfinite = true});
    optimizer_.step();
    if (options_.average != nullptr) options_.average->update();
    if (schedule_ && schedule_when_ == ScheduleStep::kStep) schedule_(nullptr);
    ++steps_;
    for (const auto& callback : step_callbacks_) callback(steps_, loss);
  }

  template <Real T>
  static Tensor<T> scaled_seed(const Variable<T>& loss, Index in_group) {
    return Tensor<T>::full(loss.shape(), T(1) / static_cast<T>(in_group), loss.device());
  }

  static StateDict copy_of(const StateDict& state) {
    StateDict copy;
    for (const auto& entry : state)
      copy.insert(entry.name, std::visit([](const auto& tensor) -> AnyTensor { return tensor.clone(); }, entry.tensor));
    return copy;
  }

  ProgressOptions described(std::string text) const {
    ProgressOptions options = options_.progress;
    options.description = std::move(text);
    return options;
  }

  static std::string running_text(double loss, double lr) {
    char text[64];
    std::snprintf(text, sizeof text, "LOSS:%.4f LR:%.8f", loss, lr);
    return text;
  }

  template <typename Batch>
  static std::string fault(Index epoch, Index batch_index, double loss, const Batch& batch) {
    std::string text =
        concat("[Trainer] expected a finite loss but it is ", loss, " in epoch ", epoch, ", batch ", batch_index + 1);
    if constexpr (requires { batch.rows.size(); }) {
      text += ", rows";
      for (const auto row : batch.rows) text += " " + std::to_string(row);
    }
    return text + "; a lower learning rate or max_grad_norm may help";
  }

  void log(const EpochRecord& record) const {
    if (options_.log == nullptr) return;
    char lr[32];
    std::snprintf(lr, sizeof lr, " LR:%.8f", record.lr);
    *options_.log << "(Epoch " << record.epoch << ") TRAIN " << record.train.line() << lr << '\n';
    if (record.valid) *options_.log << "(Epoch " << record.epoch << ") VALID " << record.valid->line() << '\n';
    *options_.log << std::flush;
  }

  Model& model_;
  Optimizer& optimizer_;
  TrainerOptions options_;
  std::function<void(const ClassifierScores*)> schedule_;
  ScheduleStep schedule_when_ = ScheduleStep::kEpoch;
  std::vector<std::function<bool(const EpochRecord&)>> epoch_callbacks_;
  std::vector<std::function<void(Index, double)>> step_callbacks_;
  std::vector<std::function<void(const EpochRecord&)>> best_callbacks_;
  Index steps_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI
