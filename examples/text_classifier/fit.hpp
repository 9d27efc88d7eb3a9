// The training of any network.
#pragma once

#include "../common/precision.hpp"
#include "../common/training_plan.hpp"
#include "options.hpp"

#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/lr_scheduler/get_scheduler.hpp>
#include <tempa/optim/param_groups.hpp>
#include <tempa/train/detail/stop_signal.hpp>
#include <tempa/train/trainer.hpp>

#include <algorithm>
#include <iostream>
#include <optional>
#include <vector>

/// Where checkpoints are written, and what must be the same on resume: all options, and the content of the files.
inline tempa::CheckpointOptions checkpoints_of(const Options& options) {
  tempa::CheckpointOptions checkpoints{.folder = options.checkpoints,
                                       .every_steps = options.checkpoint_every,
                                       .resume = options.resume,
                                       .accept_changes = options.accept_changes,
                                       .settings = options.settings};
  if (!options.checkpoints.empty())
    for (const char* name : {"--train", "--valid", "--model"})
      checkpoints.settings[name] = tempa::file_setting(checkpoints.settings[name]);
  return checkpoints;
}

/// Trains, and keeps the best weights by the validation. @tparam T the number type of the network.
/// @param valid nullptr: the last weights stay.
template <tempa::Floating T, typename Network, typename Loader, typename ValidLoader>
std::vector<tempa::EpochRecord> fit_network(Network& network, Loader& loader, ValidLoader* valid,
                                            const Options& options) {
  const bool by_epoch = options.schedule == "step";
  const TrainingPlan plan = training_plan(options, (loader.size() + options.accumulation - 1) / options.accumulation);
  std::cout << plan.line() << '\n' << std::flush;
  tempa::AdamW optimizer(tempa::weight_decay_groups(
      network.named_parameters(), tempa::AdamWOptions{.lr = plan.lr, .weight_decay = options.weight_decay}));

  const auto schedule =
      tempa::get_scheduler(options.schedule, optimizer,
                           {.num_training_steps = plan.steps(),
                            .num_warmup_steps = options.warmup_steps,
                            .warmup_ratio = options.warmup.value_or(by_epoch || options.warmup_steps > 0 ? 0.0 : 0.1),
                            .step_size = options.step_size.value_or(std::max<tempa::Index>(plan.epochs / 10, 1)),
                            .gamma = options.gamma});
  std::optional<tempa::AveragedModel> average;
  if (options.average_decay > 0)
    average.emplace(network.named_parameters(),
                    tempa::AveragedModelOptions{.decay = options.average_decay, .warm_up = true});
  tempa::GradScaler scaler = scaler_for<T>();
  tempa::Trainer trainer(network, optimizer,
                         {.epochs = plan.epochs,
                          .evaluate_every = options.evaluate_every,
                          .gradient_accumulation_steps = options.accumulation,
                          .max_grad_norm = options.max_grad_norm,
                          .metric = options.metric,
                          .patience = options.patience,
                          .scaler = &scaler,
                          .average = average ? &*average : nullptr,
                          .checkpoint = checkpoints_of(options),
                          .stop_requested = [] { return tempa::StopSignal::requested(); }});
  trainer.set_scheduler(*schedule, by_epoch ? tempa::ScheduleStep::kEpoch : tempa::ScheduleStep::kStep);
  return valid != nullptr ? trainer.fit(loader, *valid) : trainer.fit(loader);
}
