// A training that is interrupted and resumed ends with the same bits as one that is not.
#include <tempa/data/data_loader.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/lr_scheduler/warmup_schedules.hpp>
#include <tempa/train/detail/stop_signal.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <csignal>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>

namespace resume_test {

using namespace tempa;

namespace {

using Classifier = BertForSequenceClassification<float>;
constexpr Index kEpochs = 4, kBatch = 4, kRows = 26;  // seven batches an epoch, the last one of two rows

enum class Schedule { kNone, kEachStep, kEachEpoch, kPlateau };

struct Setting {
  Schedule schedule = Schedule::kNone;
  Index accumulation = 1;
  bool average = false;
  bool validate = true;
  std::optional<Index> patience{};
};

std::vector<TextExample> rows(std::uint64_t seed) {
  Generator generator(seed);
  std::vector<TextExample> result;
  for (Index i = 0; i < kRows; ++i) {
    std::vector<std::int32_t> ids{1};
    for (std::int64_t t = 2 + generator.below(5); t > 0; --t)
      ids.push_back(3 + static_cast<std::int32_t>(generator.below(7)));
    ids.push_back(2);
    result.push_back({.encoding = {ids, std::vector<std::int32_t>(ids.size(), 0)},
                      .label = static_cast<std::int32_t>(generator.below(3))});
  }
  return result;
}

/// One training in a process of its own, as it were: everything is made anew.
struct Run {
  std::vector<TextExample> train_rows = rows(1), valid_rows = rows(2);
  Classifier model;
  std::unique_ptr<AdamW> optimizer;
  std::unique_ptr<LRScheduler> scheduler;
  std::unique_ptr<ReduceLROnPlateau> plateau;
  std::optional<AveragedModel> average;
  std::optional<DataLoader<std::vector<TextExample>>> loader, valid;
  std::ostringstream log;
  Index stop_after = -1;  ///< optimizer steps of this run
  Index steps = 0;
  std::pair<int, Index> signal_in_step{0, -1};  ///< which signal comes in which step
  double lr = 1e-2;
  Index workers = 0, batch_size = kBatch;
  bool interrupted = false;

  std::vector<EpochRecord> fit(const Setting& setting, CheckpointOptions checkpoint) {
    BertConfig config;
    config.vocab_size = 10;
    config.hidden_size = 8;
    config.num_hidden_layers = 1;
    config.num_attention_heads = 2;
    config.intermediate_size = 12;
    config.max_position_embeddings = 16;
    config.hidden_dropout_prob = 0.2;
    config.id2label = {"a", "b", "c"};
    manual_seed(5);
    model = Classifier(config);
    optimizer = std::make_unique<AdamW>(model.named_parameters(), AdamWOptions{.lr = lr});
    if (setting.average) average.emplace(model.named_parameters(), AveragedModelOptions{.decay = 0.8});
    loader.emplace(train_rows,
                   DataLoaderOptions{.batch_size = batch_size, .shuffle = true, .seed = 3, .num_workers = workers});
    valid.emplace(valid_rows, DataLoaderOptions{.batch_size = 8});
    checkpoint.log = &log;
    Trainer trainer(model, *optimizer,
                    {.epochs = kEpochs,
                     .gradient_accumulation_steps = setting.accumulation,
                     .max_grad_norm = 1.0,
                     .patience = setting.patience,
                     .average = average ? &*average : nullptr,
                     .log = nullptr,
                     .progress = {.out = nullptr},
                     .checkpoint = checkpoint,
                     .stop_requested = [this] {
                       return ++steps == stop_after || (signal_in_step.first != 0 && StopSignal::requested());
                     }});
    trainer.on_step_end([this](const StepRecord& record) {
      if (record.step == signal_in_step.second) std::raise(signal_in_step.first);
    });
    if (setting.schedule == Schedule::kEachStep)
      scheduler = std::make_unique<LinearScheduleWithWarmup>(
          *optimizer, LinearScheduleOptions{.num_training_steps = kEpochs * 7, .num_warmup_steps = 3});
    if (setting.schedule == Schedule::kEachEpoch)
      scheduler = std::make_unique<StepLR>(*optimizer, StepLROptions{.step_size = 1, .gamma = 0.5});
    if (scheduler)
      trainer.set_scheduler(*scheduler,
                            setting.schedule == Schedule::kEachStep ? ScheduleStep::kStep : ScheduleStep::kEpoch);
    if (setting.schedule == Schedule::kPlateau) {
      plateau = std::make_unique<ReduceLROnPlateau>(
          *optimizer, ReduceLROnPlateauOptions{.mode = PlateauMode::kMax, .factor = 0.5, .patience = 0});
      trainer.set_scheduler(*plateau);
    }
    auto history = setting.validate ? trainer.fit(*loader, *valid) : trainer.fit(*loader);
    interrupted = trainer.interrupted();
    return history;
  }

  std::vector<float> weights() {
    std::vector<float> all;
    for (const auto& entry : model.state_dict()) {
      const auto one = std::get<Tensor<float>>(entry.tensor).to_vector();
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// All but the times.
std::string text(const std::vector<EpochRecord>& history) {
  std::string result;
  for (EpochRecord record : history) {
    record.seconds = record.tokens_per_second = 0;
    result += detail::record_to_json(record).dump() + '\n';
  }
  return result;
}

}  // namespace

TEST_CASE("resume: interrupted after any step, the training ends with the same bits", "[train]") {
  const std::vector<Setting> settings{{.schedule = Schedule::kEachStep},
                                      {.schedule = Schedule::kEachEpoch, .accumulation = 3},
                                      {.schedule = Schedule::kPlateau, .average = true},
                                      {.validate = false},
                                      {.average = true, .validate = false},
                                      {.schedule = Schedule::kPlateau, .patience = 1}};
  for (const Setting& setting : settings) {
    Run whole;
    const auto expected = whole.fit(setting, {});
    const Index all_steps = whole.steps;
    // In the middle of an epoch, at its last step, in its first one, after the first step of all, before the last.
    for (const Index stop : {1, 2, 5, 7, 8, 9, 14, 17, 20}) {
      if (stop >= all_steps) continue;
      const TemporaryFolder folder;
      Run first;
      first.stop_after = stop;
      first.fit(setting, {.folder = folder.path().string()});
      REQUIRE(first.interrupted);
      Run second;
      second.workers = 2;
      const auto history = second.fit(setting, {.folder = folder.path().string(), .resume = true});
      INFO("stopped after step " << stop << "\n" << second.log.str());
      CHECK(second.log.str().find(concat("resumed from ", folder.path().string(), "/checkpoint-", stop)) == 13);
      CHECK(first.steps + second.steps == all_steps);
      CHECK(same_bits(second.weights(), whole.weights()));
      CHECK(text(history) == text(expected));
    }
  }
}

TEST_CASE("resume: interrupted again and again, every few steps", "[train]") {
  const Setting setting{.schedule = Schedule::kEachStep, .average = true};
  Run whole;
  const auto expected = whole.fit(setting, {});
  const TemporaryFolder folder;
  for (int resumed = 0;; ++resumed) {
    REQUIRE(resumed < 30);
    Run run;
    run.stop_after = 3;
    const auto history =
        run.fit(setting, {.folder = folder.path().string(), .every_steps = 2, .save_total_limit = 1, .resume = true});
    CHECK(list_checkpoints(folder.path().string()).size() == 1);
    if (run.interrupted) continue;
    CHECK(resumed >= 9);
    CHECK(same_bits(run.weights(), whole.weights()));
    CHECK(text(history) == text(expected));
    break;
  }
}

TEST_CASE("resume: a training that is done is done, and has its best weights", "[train]") {
  const Setting setting{};
  const TemporaryFolder folder;
  Run first, second;
  const auto expected = first.fit(setting, {.folder = folder.path().string()});
  const auto history = second.fit(setting, {.folder = folder.path().string(), .resume = true});
  CHECK(second.steps == 0);
  CHECK(text(history) == text(expected));
  CHECK(same_bits(second.weights(), first.weights()));
}

TEST_CASE("resume: what was killed at any moment goes on, and ends with the same bits", "[train]") {
  const Setting setting{.schedule = Schedule::kEachStep, .average = true};
  set_num_threads(1);  // a forked process has none of the others
  Run whole;
  whole.fit(setting, {});
  const TemporaryFolder folder;
  const CheckpointOptions checkpoint{.folder = folder.path().string(), .every_steps = 1, .resume = true};
  Generator random(11);
  int kills = 0;
  for (int i = 0; i < 12; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      Run run;
      run.fit(setting, checkpoint);
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(2000 + random.below(40000)));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    kills += WIFSIGNALED(status) ? 1 : 0;
  }
  CHECK(kills > 0);
  Run last;
  last.fit(setting, checkpoint);
  CHECK(same_bits(last.weights(), whole.weights()));
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    CHECK(entry.path().filename().string().starts_with("checkpoint-"));  // what the killed ones left is gone
}

TEST_CASE("resume: a setting that has changed is named, and taken over only when asked", "[train]") {
  const Setting setting{.schedule = Schedule::kEachEpoch};
  const TemporaryFolder folder;
  const TemporaryFolder data;
  const std::string train = data.write("train.tsv", "123456789");
  CheckpointOptions checkpoint{.folder = folder.path().string(), .settings = {{"train file", file_setting(train)}}};
  Run first;
  first.stop_after = 9;
  first.fit(setting, checkpoint);

  checkpoint.resume = true;
  data.write("train.tsv", "12345678");
  checkpoint.settings["train file"] = file_setting(train);
  Run second;
  second.lr = 5e-3;
  second.batch_size = 5;
  const std::string complaint = thrown<ConfigError>([&] { second.fit(setting, checkpoint); });
  INFO(complaint);
  CHECK(complaint.find(concat("train file: ", train, ", CRC-32 3421780262 in the checkpoint, ", train, ", CRC-32 ",
                              crc32("12345678"), " now")) != std::string::npos);
  CHECK(file_setting("nowhere") == "nowhere");
  for (const char* line : {"batch_size: 4 in the checkpoint, 5 now", "batches of an epoch: 7 in the checkpoint, 6 now",
                           "groups.0.lr: 0.01 in the checkpoint, 0.005 now",
                           "lr at step 1 of the schedule: 0.005 in the checkpoint, 0.0025"})
    CHECK(complaint.find(line) != std::string::npos);

  checkpoint.accept_changes = true;
  Run third;
  third.lr = 5e-3;
  third.fit(setting, checkpoint);
  CHECK(third.log.str().find("settings that have changed") != std::string::npos);
  CHECK(third.optimizer->lr() == 5e-3 / 16);  // the new rate, on the schedule's step
}

TEST_CASE("resume: nothing to resume, damage, and options out of range are said", "[train]") {
  const TemporaryFolder folder;
  const CheckpointOptions checkpoint{.folder = folder.path().string(), .resume = true};
  Run first;
  first.fit({}, checkpoint);
  CHECK(first.log.str().find("the training starts anew") != std::string::npos);

  const auto entries = list_checkpoints(folder.path().string());
  REQUIRE(entries.size() == 2);
  std::filesystem::remove(entries.back().path + "/optimizer.safetensors");
  Run second;
  second.fit({}, checkpoint);
  CHECK(second.log.str().find("a damaged checkpoint is passed over") != std::string::npos);
  CHECK(second.log.str().find(concat("resumed from ", entries.front().path)) != std::string::npos);
  CHECK(same_bits(second.weights(), first.weights()));

  CHECK_THROWS_AS(Run().fit({}, {.resume = true}), ConfigError);
  CHECK_THROWS_AS(Run().fit({}, {.folder = "x", .every_steps = -1}), ConfigError);
  CHECK_THROWS_AS(Run().fit({}, {.folder = "x", .save_total_limit = 0}), ConfigError);
}

TEST_CASE("resume: a disk that is full stops the training, and the last checkpoint stays", "[train]") {
  const TemporaryFolder folder;
  const CheckpointOptions checkpoint{.folder = folder.path().string(), .every_steps = 1};
  Run first;
  first.stop_after = 3;
  first.fit({}, checkpoint);
  {
    const FileSizeLimit limit(1000);
    Run second;
    CheckpointOptions again = checkpoint;
    again.resume = true;
    CHECK_THROWS_AS(second.fit({}, again), IoError);
  }
  const auto newest = newest_checkpoint(folder.path().string());
  REQUIRE(newest.has_value());
  CHECK(newest->path().ends_with("checkpoint-3"));
}

TEST_CASE("StopSignal: the first signal asks, and the old handlers come back", "[train]") {
  struct sigaction before = {}, after = {};
  ::sigaction(SIGTERM, nullptr, &before);
  {
    const StopSignal stop;
    CHECK_FALSE(StopSignal::requested());
    std::raise(SIGTERM);
    CHECK(StopSignal::requested());
    CHECK(StopSignal::exit_status() == 128 + SIGTERM);
  }
  ::sigaction(SIGTERM, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
}

TEST_CASE("StopSignal: the second signal ends the process", "[train]") {
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      std::signal(signal, SIG_DFL);
      const StopSignal stop;
      std::raise(signal);
      if (!StopSignal::requested()) ::_exit(1);
      std::raise(signal);
      ::_exit(2);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("resume: Ctrl-C and SIGTERM finish the step and save, and the training goes on to the same bits", "[train]") {
  const Setting setting{.schedule = Schedule::kEachStep};
  Run whole;
  whole.fit(setting, {});
  for (const int signal : {SIGINT, SIGTERM}) {
    const TemporaryFolder folder;
    Run first, second;
    {
      const StopSignal stop;
      first.signal_in_step = {signal, 9};
      first.fit(setting, {.folder = folder.path().string()});
      CHECK(StopSignal::exit_status() == 128 + signal);
    }
    CHECK(first.interrupted);
    CHECK(first.steps == 9);
    second.fit(setting, {.folder = folder.path().string(), .resume = true});
    CHECK(second.steps == whole.steps - 9);
    CHECK(same_bits(second.weights(), whole.weights()));
  }
}

}  // namespace resume_test
