// The state of a checkpoint: what opens is put into model, optimizer and schedule.
#include "fuzz/fuzz_target.hpp"

#include <tempa/nn/linear.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/train/detail/training_checkpoint.hpp>

namespace {

/// A training of a layer, one step old.
struct SmallTraining {
  TemporaryFolder folder;
  tempa::Linear<float> model{2, 2};
  tempa::AdamW optimizer{model.named_parameters(), tempa::AdamWOptions{.lr = 1e-3}};
  tempa::LinearScheduleWithWarmup schedule{
      optimizer, tempa::LinearScheduleOptions{.num_training_steps = 4, .num_warmup_steps = 1}};
  tempa::StateDict weights = model.state_dict();

  tempa::TrainingCheckpoints checkpoints() {
    tempa::TrainingCheckpoints result(
        {.folder = folder.path().string(), .resume = true, .accept_changes = true, .log = nullptr});
    result.add_state(
        "schedule", [this] { return schedule.state_dict(); },
        [this](const tempa::NumberState& numbers) { schedule.load_state_dict(numbers); });
    return result;
  }
  std::filesystem::path state_file() const { return folder.path() / "checkpoint-1" / "state.json"; }

  SmallTraining() {
    for (auto& parameter : model.parameters())
      parameter.accumulate_grad(tempa::Tensor<float>::full(parameter.shape(), 1.0f));
    optimizer.step();
    tempa::TrainingProgress progress{.batch = 1, .step = 1, .best = 0.5};
    progress.history.push_back({.epoch = 1, .valid = tempa::Metrics{}});
    progress.history.back().train.add({.name = "loss", .value = 1.5, .label = "LOSS"});
    checkpoints().save(progress, {.epoch = 1, .batch = 1}, weights, optimizer, nullptr, weights, {});
  }
};

SmallTraining& small_training() {
  static SmallTraining training;
  return training;
}

}  // namespace

static const RegisterFuzzTarget checkpoint(
    "checkpoint",
    [](std::string_view bytes) {
      SmallTraining& training = small_training();
      training.folder.write("checkpoint-1/state.json", bytes);
      const auto restored = training.checkpoints().restore(training.weights, training.optimizer, nullptr);
      if (restored) fuzz_check(!tempa::progress_to_json(restored->progress).dump().empty());
    },
    []() -> std::vector<std::string> {
      static const std::string state = tempa::read_text_file(small_training().state_file().string());
      return {state};
    });
