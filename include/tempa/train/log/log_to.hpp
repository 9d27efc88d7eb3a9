// Connects a trainer to a log: TensorBoard, JSON lines, CSV or a user's own.
#pragma once

#include <tempa/train/trainer.hpp>

#include <concepts>
#include <string>

namespace tempa::inline TEMPA_ABI {

/// Anything that takes metrics by name: `SummaryWriter`, `JsonLinesLogger`, `CsvLogger`.
template <typename Log>
concept MetricsLog = requires(Log& log, Index step, const Metrics& metrics) {
  log.log(step, metrics);
};

/// A log that knows its position, and can remove what was logged after an earlier one.
template <typename Log>
concept ResumableLog = MetricsLog<Log> && requires(Log& log, Index position) {
  { log.location() } -> std::convertible_to<std::string>;
  { log.position() } -> std::convertible_to<Index>;
  log.rewind(position);
};

/// Options of `log_to`.
struct LogOptions {
  Index every_steps = 1;  ///< optimizer steps between two "step/…" entries; 0: none, only the epochs
};

/// The metrics of an epoch: "epoch", "lr", "seconds", "tokens_per_second", "train/…", and "valid/…" where it was
/// evaluated.
Metrics epoch_metrics(const EpochRecord& record);

/// Writes loss, learning rate and gradient norm of every optimizer step ("step/loss", "step/lr", and "step/grad_norm"
/// where it was not skipped; "step/loss_scale" and "step/skipped_steps" with a `GradScaler`) and the metrics of every
/// epoch (`epoch_metrics`) into `log`, all under the number of the optimizer step. One line before `fit`:
///
///   log_to(writer, trainer);
///
/// A training that is resumed after a crash removes what was logged after its checkpoint (`ResumableLog`), so that
/// each step occurs once.
///
/// @param log must outlive the training.
/// @throws ConfigError for a negative `every_steps`; in the training, what `log` throws.
template <MetricsLog Log, Module Model>
void log_to(Log& log, Trainer<Model>& trainer, LogOptions options = {}) {
  if (options.every_steps < 0)
    throw ConfigError(concat("[log_to] every_steps must not be negative but is ", options.every_steps));
  trainer.on_step_end([&log, options](const StepRecord& record) {
    if (options.every_steps == 0 || record.step % options.every_steps != 0) return;
    Metrics metrics{{.name = "step/loss", .value = record.loss}, {.name = "step/lr", .value = record.lr}};
    if (record.grad_norm) metrics.add({.name = "step/grad_norm", .value = *record.grad_norm});
    if (record.loss_scale) {
      metrics.add({.name = "step/loss_scale", .value = *record.loss_scale});
      metrics.add({.name = "step/skipped_steps", .value = static_cast<double>(record.skipped_steps)});
    }
    log.log(record.step, metrics);
  });
  trainer.on_epoch_end([&log, &trainer](const EpochRecord& record) {
    log.log(trainer.steps(), epoch_metrics(record));
    return true;
  });
  if constexpr (ResumableLog<Log>)
    trainer.checkpoints().add_log(
        log.location(), [&log] { return static_cast<Index>(log.position()); },
        [&log](Index position) { log.rewind(position); });
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/train/log/impl/log_to.ipp>
#endif
