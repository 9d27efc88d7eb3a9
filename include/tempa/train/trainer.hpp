// The training loop: epochs, accumulation, clipping, schedule, evaluation, early stopping, the best model kept.
#pragma once

#include <tempa/nn/module.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/grad_scaler.hpp>
#include <tempa/optim/lr_scheduler/lr_scheduler.hpp>
#include <tempa/optim/lr_scheduler/reduce_lr_on_plateau.hpp>
#include <tempa/train/detail/epoch_record.hpp>
#include <tempa/train/detail/score_keeper_of.hpp>
#include <tempa/train/detail/step_replay.hpp>
#include <tempa/train/detail/trainer_graph.hpp>
#include <tempa/train/detail/trainer_settings.hpp>
#include <tempa/train/early_stopping.hpp>
#include <tempa/train/evaluation.hpp>
#include <tempa/train/progress.hpp>
#include <tempa/train/trainer_options.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Trains a classifier or a regression: a module whose call on a batch gives `{loss, logits}` and whose batches have
/// `labels` or `targets`.
///
///   Trainer trainer(model, optimizer, {.epochs = 5, .patience = 3});
///   trainer.set_scheduler(scheduler, ScheduleStep::kEpoch);
///   const std::vector<EpochRecord> history = trainer.fit(train_loader, valid_loader);
///
/// @source the `train` of IndoNLU's main.py; transformers.Trainer
template <Module Model>
class Trainer {
 public:
  /// @throws ConfigError for an option out of its range, or a metric that the problem does not have.
  Trainer(Model& model, Optimizer& optimizer, TrainerOptions options = {})
      : model_(model), optimizer_(optimizer), options_(std::move(options)), checkpoints_(options_.checkpoint) {
    const auto at_least_one = [](std::string_view field, Index value) {
      if (value < 1) throw ConfigError(concat("[Trainer] ", field, " must be at least 1 but is ", value));
    };
    at_least_one("epochs", options_.epochs);
    at_least_one("evaluate_every", options_.evaluate_every);
    at_least_one("gradient_accumulation_steps", options_.gradient_accumulation_steps);
    if (options_.patience) at_least_one("patience", *options_.patience);
    if (!(options_.max_grad_norm >= 0))
      throw ConfigError(concat("[Trainer] max_grad_norm must not be negative but is ", options_.max_grad_norm));
    if (!options_.problem_type) options_.problem_type = problem_type_of(model);
    if (options_.scaler != nullptr && !options_.scaler->is_enabled()) options_.scaler = nullptr;
    if (options_.graph && options_.gradient_accumulation_steps > 1)
      throw ConfigError("[Trainer] graph must be off with gradient accumulation but is on");
    if (GradScaler* const scaler = options_.scaler)
      checkpoints_.add_state(
          "scaler", [scaler] { return scaler->state_dict(); },
          [scaler](const NumberState& numbers) { scaler->load_state_dict(numbers); });
    watched_metric(score_keeper_of(model_, options_.problem_type));
    detail::note_settings(options_, noting());
  }

  /// Steps `scheduler` once an epoch or once an optimizer step. It must outlive the trainer.
  void set_scheduler(LRScheduler& scheduler, ScheduleStep when) {
    set_scheduler([&scheduler](const Metrics*) { scheduler.step(); }, when);
    for (const Index step : {0, 1, 10, 100, 1000, 10000})
      checkpoints_.set_setting(concat("lr at step ", step, " of the schedule"),
                               detail::setting_text(scheduler.lr_at(step)));
    save_schedule(scheduler);
  }
  /// Gives `scheduler` the watched metric of each evaluation. It must outlive the trainer.
  void set_scheduler(ReduceLROnPlateau& scheduler) {
    set_scheduler(
        [this, &scheduler](const Metrics* valid) {
          if (valid != nullptr)
            scheduler.step((*valid)[watched_metric(score_keeper_of(model_, options_.problem_type))]);
        },
        ScheduleStep::kEpoch);
    detail::note_settings(scheduler.options(), noting());
    save_schedule(scheduler);
  }
  /// The same for any schedule: called with the validation's scores, or nullptr without. With checkpoints its state, if
  /// it has one, must be given to `add_state`.
  void set_scheduler(std::function<void(const Metrics*)> step, ScheduleStep when) {
    schedule_ = std::move(step);
    schedule_when_ = when;
    checkpoints_.set_setting("schedule steps", when == ScheduleStep::kEpoch ? "each epoch" : "each step");
  }
  /// Further state that is saved with each checkpoint and restored on resume: `save` returns its numbers by name,
  /// `load` takes them back. @throws ConfigError when the name is taken.
  void add_state(const std::string& name, std::function<NumberState()> save,
                 std::function<void(const NumberState&)> load) {
    checkpoints_.add_state(name, std::move(save), std::move(load));
  }
  /// The checkpoints, to add a log that a resumed training rewinds.
  TrainingCheckpoints& checkpoints() { return checkpoints_; }
  /// Called after each epoch; returning false ends the training.
  void on_epoch_end(std::function<bool(const EpochRecord&)> callback) {
    epoch_callbacks_.push_back(std::move(callback));
  }
  /// Called after each optimizer step, also one that a `GradScaler` has skipped.
  void on_step_end(std::function<void(const StepRecord&)> callback) { step_callbacks_.push_back(std::move(callback)); }
  /// Called when an evaluation is the best so far, with the evaluated weights in the model.
  void on_best(std::function<void(const EpochRecord&)> callback) { best_callbacks_.push_back(std::move(callback)); }

  /// Trains without validation: the last weights stay.
  template <typename Loader>
  std::vector<EpochRecord> fit(Loader& train) {
    return run(train, [](Model&) -> std::optional<Metrics> { return std::nullopt; });
  }
  /// Trains, evaluates on `valid`, and at the end puts the best weights back.
  /// With checkpoints, a training that was resumed continues to the bit as if it had not been interrupted.
  /// @return the records of all epochs, including those before a resume.
  /// @throws NumericalError for a loss or a gradient that is NaN or infinite, with epoch, step, rows, and the operation
  ///   or parameter in which it began; the weights are then those before the step. IoError when a checkpoint cannot be
  ///   written; OutOfMemoryError; what `TrainingCheckpoints::restore` throws.
  template <typename Loader, typename ValidLoader>
  std::vector<EpochRecord> fit(Loader& train, ValidLoader& valid) {
    return run(train, [&](Model& model) -> std::optional<Metrics> {
      return evaluate(model, valid, {.problem_type = options_.problem_type, .progress = described("VALID")}).scores;
    });
  }

  /// Optimizer steps so far, including those before a resume.
  Index steps() const { return progress_.step; }
  /// Whether `stop_requested` ended the last `fit`. The weights are then the last ones.
  bool interrupted() const { return interrupted_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr double kOnlyMeasured = std::numeric_limits<double>::infinity();  // as the norm to clip to

  template <typename Loader, typename Validate>
  std::vector<EpochRecord> run(Loader& train, const Validate& validate) {
    try {
      return run_epochs(train, validate);
    } catch (const std::bad_alloc&) {  // of a container; the errors of tensors say more
      throw OutOfMemoryError(concat("[Trainer] there is no memory left in epoch ", progress_.epoch, ", step ",
                                    progress_.step + 1, checkpoints_.newest_text()));
    }
  }

  template <typename Loader, typename Validate>
  std::vector<EpochRecord> run_epochs(Loader& train, const Validate& validate) {
    start(train);
    std::optional<EarlyStopping> watch;
    for (; progress_.epoch <= options_.epochs && !progress_.ended; ++progress_.epoch) {
      EpochRecord record = train_epoch(train);
      if (interrupted_) return progress_.history;
      std::unique_ptr<AveragedModel::Applied> averaged;
      if (options_.average != nullptr && options_.average->num_updates() > 0)
        averaged = std::make_unique<AveragedModel::Applied>(*options_.average);
      if (record.epoch % options_.evaluate_every == 0 || record.epoch == options_.epochs)
        record.valid = validate(model_);
      if (record.valid) {
        const Metric& watched = record.valid->at(watched_metric(score_keeper_of(model_, options_.problem_type)));
        if (!watch) {
          watch.emplace(EarlyStoppingOptions{.patience = options_.patience.value_or(options_.epochs + 1),
                                             .greater_is_better = watched.greater_is_better});
          watch->restore(progress_.best, progress_.waited);
        }
        record.best = watch->update(watched.value);
        progress_.best = watch->best();
        progress_.waited = watch->waited();
        if (record.best) {
          if (options_.restore_best) best_ = state_dict(model_).clone();
          for (const auto& callback : best_callbacks_) callback(record);
        }
      }
      averaged.reset();
      log(record);
      if (schedule_ && schedule_when_ == ScheduleStep::kEpoch) schedule_(record.valid ? &*record.valid : nullptr);
      progress_.history.push_back(record);
      progress_.ended = record.valid && watch->should_stop();
      for (const auto& callback : epoch_callbacks_) progress_.ended = !callback(record) || progress_.ended;
      if (checkpoints_.enabled()) save_after_epoch(train);
    }
    if (!best_.empty()) {
      load_state_dict(model_, best_);
    } else if (options_.average != nullptr && options_.average->num_updates() > 0) {
      options_.average->swap();
    }
    return progress_.history;
  }

  // A new training, or that of the newest checkpoint.
  template <typename Loader>
  void start(Loader& train) {
    progress_ = {};
    best_ = scores_ = {};
    interrupted_ = false;
    if (!checkpoints_.enabled()) return;
    if constexpr (requires { train.set_position(train.position()); }) {
      detail::note_settings(optimizer_, noting());
      detail::note_model_settings(model_, noting());
      detail::note_loader_settings(train, noting());
      StateDict weights = state_dict(model_);
      auto restored = checkpoints_.restore(weights, optimizer_, options_.average);
      if (!restored) return;
      progress_ = std::move(restored->progress);
      if (!options_.problem_type) options_.problem_type = progress_.problem_type;
      best_ = std::move(restored->best);
      scores_ = std::move(restored->scores);
      train.set_position(restored->position);
    } else {
      throw ConfigError("[Trainer] checkpoints need a loader that knows its position, such as DataLoader");
    }
  }

  auto noting() {
    return [this](const std::string& name, std::string value) { checkpoints_.set_setting(name, std::move(value)); };
  }

  template <typename Loader>
  void save(Loader& train) {
    progress_.problem_type = options_.problem_type;
    if constexpr (requires { train.position(); })
      checkpoints_.save(progress_, train.position(), state_dict(model_), optimizer_, options_.average, best_, scores_);
    scores_ = {};
  }
  // The next thing to do is the next epoch.
  template <typename Loader>
  void save_after_epoch(Loader& train) {
    TrainingProgress done = progress_;
    ++progress_.epoch;
    save(train);
    progress_ = std::move(done);
  }

  template <typename Loader>
  EpochRecord train_epoch(Loader& train) {
    set_training(model_, true);
    auto keeper = score_keeper_of(model_, options_.problem_type);
    if (progress_.batch == 0) progress_.running = {.epoch = progress_.epoch};
    if (!scores_.empty()) keeper.visit_state(detail::StateReader{scores_});
    scores_ = {};
    EpochRecord& record = progress_.running;
    const double seconds_before = record.seconds;
    const auto start = Clock::now();
    const auto seconds = [&] { return seconds_before + std::chrono::duration<double>(Clock::now() - start).count(); };
    const Index batches = static_cast<Index>(train.size()), accumulation = options_.gradient_accumulation_steps;
    ProgressBar bar(batches, described(concat("(Epoch ", record.epoch, ") TRAIN")));
    bar.advance(progress_.batch);
    using Data = std::remove_cvref_t<decltype(*std::begin(train))>;
    StepReplay<Model, Data> replay(model_, optimizer_);
    detail::TrainerGraph<Model, Data> graph(model_, optimizer_, options_, graph_, max_norm());
    struct Weighed {
      Data batch;
      double weight;  // a copy to the host for a batch on a device
    };
    std::vector<Weighed> batches_of_step;
    for (const Data& loaded : train) {
      Data prepared = graph.prepared(loaded);
      const double weight_of_batch = loss_weight_of(model_, prepared);
      batches_of_step.push_back({std::move(prepared), weight_of_batch});
      const Index waiting = static_cast<Index>(batches_of_step.size());
      if (waiting < accumulation && progress_.batch + waiting < batches) continue;
      const ProfileScope scope("training step");
      double step_weight = 0;
      for (const Weighed& one : batches_of_step) step_weight += one.weight;
      const auto seed = [&](const auto& loss, double weight) {
        return scaled_seed(loss, step_weight == 0 ? 0.0 : weight / step_weight);
      };
      const auto explain = [&] {
        return replay.explain([&](const Data& again) {
          const auto result = model_(input_for(model_, again));
          if (std::isfinite(static_cast<double>(result.loss.item())))
            result.loss.backward(seed(result.loss, loss_weight_of(model_, again)));
        });
      };
      bool faulty = false;
      MeanLoss step_loss;
      for (const auto& [batch, weight] : batches_of_step) {
        replay.add(batch);
        const auto output = graph.pass(batch);
        if (!output.loss.defined())
          throw ValueError("[Trainer] expected batches with labels but the model gave no loss");
        const BatchLoss loss{.mean = static_cast<double>(output.loss.item()), .weight = weight};
        ++progress_.batch;
        step_loss.add(loss);
        if (!std::isfinite(loss.mean)) {
          fault(concat("expected a finite loss but it is ", loss.mean), explain);
          faulty = true;
        } else {
          keeper.add(output, batch, loss);
          if (!options_.problem_type) {
            options_.problem_type = keeper.problem();
            watched_metric(keeper);
          }
          if (!faulty && !graph.makes_steps()) output.loss.backward(seed(output.loss, weight));
        }
        bar.set_postfix(running_text(keeper.mean_loss(), optimizer_.lr()));
        bar.advance();
      }
      step(step_loss.value(), graph, faulty, explain);
      replay.clear();
      batches_of_step.clear();
      interrupted_ = options_.stop_requested && options_.stop_requested();
      if (interrupted_ ? checkpoints_.enabled() : checkpoints_.due(progress_.step)) {
        record.seconds = seconds();
        keeper.visit_state(detail::StateWriter{scores_});
        save(train);
      }
      if (interrupted_) return record;
    }
    bar.close();
    progress_.batch = 0;
    record.train = keeper.scores();
    record.seconds = seconds();
    record.tokens_per_second = record.seconds > 0 ? static_cast<double>(keeper.tokens()) / record.seconds : 0.0;
    return record;
  }

  // @param graph of which a step was made already, when it is on. @param faulty whether a loss was not finite.
  // @param explain where a fault begins.
  template <typename Graph, typename Explain>
  void step(double loss, const Graph& graph, bool faulty, const Explain& explain) {
    StepRecord record{.step = progress_.step + 1, .loss = loss, .lr = optimizer_.lr()};
    GradScaler* const scaler = options_.scaler;
    record.skipped = faulty || (options_.graph ? graph.skipped_by_scaler() : scaler && !scaler->unscale(optimizer_));
    if (!record.skipped) {
      try {
        record.grad_norm =
            options_.graph ? graph.finite_norm() : clip_grad_norm(optimizer_, max_norm(), {.error_if_nonfinite = true});
      } catch (const NumericalError& error) {
        fault(error.what(), explain);
        record.skipped = faulty = true;
      }
    }
    progress_.skipped += faulty && !graph.skipped_by_scaler() ? 1 : 0;
    record.skipped_steps = progress_.skipped;
    if (faulty) {
      optimizer_.zero_grad();
    } else if (scaler != nullptr) {
      record.loss_scale = options_.graph ? graph.loss_scale() : scaler->get_scale();
      if (!options_.graph) {
        scaler->step(optimizer_);
        scaler->update();
      }
      record.skipped_steps += scaler->skipped_steps();
    } else if (!options_.graph) {
      optimizer_.step();
    }
    if (options_.average != nullptr && !record.skipped) options_.average->update();
    if (schedule_ && schedule_when_ == ScheduleStep::kStep && !record.skipped) schedule_(nullptr);
    progress_.step = record.step;
    progress_.running.lr = record.lr;
    for (const auto& callback : step_callbacks_) callback(record);
  }

  double max_norm() const { return options_.max_grad_norm > 0 ? options_.max_grad_norm : kOnlyMeasured; }

  template <typename Scheduler>
  void save_schedule(Scheduler& scheduler) {
    checkpoints_.add_state(
        "schedule", [&scheduler] { return scheduler.state_dict(); },
        [&scheduler](const NumberState& numbers) { scheduler.load_state_dict(numbers); });
  }

  // The metric to watch. While the problem is not known yet, it must be one that some problem has.
  template <typename Keeper>
  std::string watched_metric(const Keeper& keeper) const {
    return options_.metric.empty() ? std::string(keeper.default_metric()) : keeper.metrics().at(options_.metric).name;
  }

  // The gradient of the loss to start from: its share in the step's loss, times the scale of a `GradScaler`.
  template <Real T>
  Tensor<T> scaled_seed(const Variable<T>& loss, double share) const {
    const double scale = options_.scaler != nullptr ? options_.scaler->get_scale() : 1.0;
    return Tensor<T>::full(loss.shape(), static_cast<T>(scale * share), loss.device());
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

  // Stops, or reports that the step is skipped.
  template <typename Explain>
  void fault(const std::string& what, const Explain& explain) const {
    const std::string text = concat("[Trainer] ", what, " in epoch ", progress_.epoch, ", step ", progress_.step + 1,
                                    ", batch ", progress_.batch, explain());
    if (options_.on_fault == OnFault::kStop)
      throw NumericalError(text + "; a lower learning rate or max_grad_norm may help" + checkpoints_.newest_text());
    if (options_.log != nullptr) *options_.log << text << "; the step is skipped" << std::endl;
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
  std::function<void(const Metrics*)> schedule_;
  ScheduleStep schedule_when_ = ScheduleStep::kEpoch;
  std::vector<std::function<bool(const EpochRecord&)>> epoch_callbacks_;
  std::vector<std::function<void(const StepRecord&)>> step_callbacks_;
  std::vector<std::function<void(const EpochRecord&)>> best_callbacks_;
  TrainingCheckpoints checkpoints_;
  TrainingProgress progress_;
  StateDict best_;               // weights of the best evaluation
  StateDict scores_;             // of the running epoch, to be written to a checkpoint or read from one
  std::shared_ptr<void> graph_;  // see TrainerGraph
  bool interrupted_ = false;
};

}  // namespace tempa::inline TEMPA_ABI
