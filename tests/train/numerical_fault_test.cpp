// A loss or gradient that is not finite: where it began is said, the step is stopped or skipped, nothing is lost.
#include <tempa/data/data_loader.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/cross_entropy.hpp>
#include <tempa/ops/elementary.hpp>
#include <tempa/ops/embedding.hpp>
#include <tempa/optim/sgd.hpp>
#include <tempa/train/log/log_to.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace numerical_fault_test {

using namespace tempa;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr std::int32_t kNoMemory = 7, kLogOfZero = 8, kRootOfZero = 9;  // tokens that bring faults

/// Logits of a token are its row of a table. A counter of forward passes stands for the buffers of a batch norm.
struct TokenTable {
  struct Output {
    Variable<float> loss, logits;
  };
  Variable<float> table{Tensor<float>::full({10, 3}, 0.5f), true};
  Variable<float> zero{Tensor<float>::zeros(Shape{}), true};
  Tensor<float> passes = Tensor<float>::zeros({1});

  Output operator()(const Batch& batch) {
    passes.data()[0] += 1;
    const auto logits = embedding(table, batch.ids);
    auto loss = cross_entropy(logits, batch.labels);
    const auto ids = batch.ids.span();
    if (std::count(ids.begin(), ids.end(), kNoMemory) > 0) throw std::bad_alloc();
    if (std::count(ids.begin(), ids.end(), kLogOfZero) > 0) loss = loss + log(zero);    // -infinity
    if (std::count(ids.begin(), ids.end(), kRootOfZero) > 0) loss = loss + sqrt(zero);  // 0, but its slope is infinite
    return {loss, logits};
  }
  void visit(auto&& f) {
    f("table", table);
    f("zero", zero);
    f("passes", passes);
  }
  std::vector<NamedParameter<float>> named_parameters() { return tempa::named_parameters<float>(*this); }
};

/// One row a token.
std::vector<TextExample> rows_of(const std::vector<std::int32_t>& tokens) {
  std::vector<TextExample> rows;
  for (const std::int32_t token : tokens) rows.push_back({.encoding = {{token}, {0}}, .label = token % 3});
  return rows;
}

struct Run {
  TokenTable model;
  std::ostringstream log;
  std::vector<StepRecord> steps;
  Index trained_steps = 0;

  void fit(const std::vector<std::int32_t>& tokens, OnFault on_fault, Index accumulation = 1,
           const CheckpointOptions& checkpoint = {}, Index stop_after = -1) {
    const auto rows = rows_of(tokens);
    DataLoader loader(rows, {.batch_size = 2, .num_workers = 2});
    SGD optimizer(model.named_parameters(), {.lr = 0.5});
    Trainer trainer(model, optimizer,
                    {.epochs = 1,
                     .gradient_accumulation_steps = accumulation,
                     .on_fault = on_fault,
                     .log = &log,
                     .progress = {.out = nullptr},
                     .checkpoint = checkpoint,
                     .stop_requested = [this, stop_after] { return static_cast<Index>(steps.size()) == stop_after; }});
    trainer.on_step_end([this](const StepRecord& record) { steps.push_back(record); });
    trainer.fit(loader);
  }
  std::vector<float> table() const { return model.table.value().to_vector(); }
};

}  // namespace

TEST_CASE("Trainer: a loss that is not finite stops the step, and its operation is named", "[train]") {
  Run run, before;
  before.fit({1, 2}, OnFault::kStop);
  CHECK(thrown<NumericalError>([&] {
          run.fit({1, 2, 3, kLogOfZero, 4, 5}, OnFault::kStop);
        }) ==
        "[Trainer] expected a finite loss but it is -inf in epoch 1, step 2, batch 2, rows 2 3: [detect_anomaly] "
        "expected finite values but the result of log, (), has infinity; a lower learning rate or max_grad_norm may "
        "help");
  CHECK(run.table() == before.table());
  CHECK(run.model.passes.item() == before.model.passes.item());
  CHECK_FALSE(run.model.table.has_grad());
  REQUIRE(run.steps.size() == 1);
  CHECK(run.steps[0].grad_norm.value_or(-1) > 0);  // also without clipping
}

TEST_CASE("Trainer: a gradient that is not finite stops the step, and operation and parameter are named", "[train]") {
  Run run, before;
  before.fit({1, 2}, OnFault::kStop);
  CHECK(thrown<NumericalError>([&] {
          run.fit({1, 2, 3, kRootOfZero}, OnFault::kStop);
        }) ==
        "[Trainer] [clip_grad_norm] expected finite gradients but parameter zero () has infinity in its gradient in "
        "epoch 1, step 2, batch 2, rows 2 3: [detect_anomaly] expected finite gradients but the backward of sqrt made "
        "one with infinity of its input 0, parameter zero; a lower learning rate or max_grad_norm may help");
  CHECK(run.table() == before.table());
}

TEST_CASE("Trainer: a weight that is not finite is named", "[train]") {
  Run run;
  run.model.table.mutable_value().data()[3] = kInfinity;  // row 1
  const std::string message = thrown<NumericalError>([&] { run.fit({2, 1}, OnFault::kStop); });
  INFO(message);
  CHECK(message.find("rows 0 1: [detect_anomaly] expected finite values but the result of embedding, (2,3), has "
                     "infinity; its input 0 has infinity already, parameter table") != std::string::npos);
}

TEST_CASE("Trainer: a step that is skipped leaves everything as if its batches had not been", "[train]") {
  for (const std::int32_t fault : {kLogOfZero, kRootOfZero}) {
    Run run, without;
    run.fit({1, 2, 3, fault, 4, 5}, OnFault::kSkip);
    without.fit({1, 2, 4, 5}, OnFault::kStop);
    CHECK(run.table() == without.table());
    CHECK(run.model.passes.item() == 2);
    INFO(run.log.str());
    CHECK(run.log.str().find("batch 2, rows 2 3: [detect_anomaly]") != std::string::npos);
    CHECK(run.log.str().find("; the step is skipped") != std::string::npos);
    REQUIRE(run.steps.size() == 3);
    CHECK(run.steps[1].skipped);
    CHECK_FALSE(run.steps[1].grad_norm.has_value());
    CHECK_FALSE(run.steps[2].skipped);
    CHECK(run.steps[2].skipped_steps == 1);
  }
}

TEST_CASE("Trainer: of a group of batches the one with the fault is named, and the whole group is skipped", "[train]") {
  for (const std::int32_t fault : {kLogOfZero, kRootOfZero}) {
    Run run, without;
    run.fit({1, 2, 3, 4, 5, fault, 1, 3, 2, 5}, OnFault::kSkip, 2);  // batches 1 2 | 3 4 | 5
    without.fit({1, 2, 3, 4, 2, 5}, OnFault::kStop, 2);              // batches 1 2 | 3
    CHECK(run.table() == without.table());
    INFO(run.log.str());
    CHECK(run.log.str().find(", rows 4 5: [detect_anomaly]") != std::string::npos);
    CHECK(run.steps.size() == 3);
  }
}

TEST_CASE("Trainer: the newest checkpoint stays when a training stops by a fault, and is named", "[train]") {
  const TemporaryFolder folder;
  CheckpointOptions checkpoint{
      .folder = folder.path().string(), .every_steps = 1, .save_total_limit = 1, .log = nullptr};
  Run run;
  const std::string message = thrown<NumericalError>([&] {
    run.fit({1, 2, 3, 4, 5, kRootOfZero, 1, 2}, OnFault::kStop, 1, checkpoint);
  });
  CHECK(message.ends_with(concat("; the newest checkpoint is ", folder.path().string(), "/checkpoint-2")));
  checkpoint.resume = true;
  Run resumed, whole;
  resumed.fit({1, 2, 3, 4, 5, kRootOfZero, 1, 2}, OnFault::kSkip, 1, checkpoint);
  whole.fit({1, 2, 3, 4, 5, kRootOfZero, 1, 2}, OnFault::kSkip);
  CHECK(resumed.steps.size() == 2);
  CHECK(resumed.table() == whole.table());
}

TEST_CASE("Trainer: memory that is exhausted is said, with the newest checkpoint", "[train]") {
  const TemporaryFolder folder;
  const CheckpointOptions checkpoint{.folder = folder.path().string(), .every_steps = 1, .log = nullptr};
  Run run;
  CHECK(thrown<OutOfMemoryError>([&] {
          run.fit({1, 2, 3, kNoMemory}, OnFault::kStop, 1, checkpoint);
        }) == concat("[Trainer] there is no memory left in epoch 1, step 2; the newest checkpoint is ",
                     folder.path().string(), "/checkpoint-1"));
}

TEST_CASE("Trainer: skipped steps are counted over a resume", "[train]") {
  const TemporaryFolder folder;
  CheckpointOptions checkpoint{.folder = folder.path().string(), .log = nullptr};
  Run first, second;
  first.fit({kLogOfZero, 2, 3, 4, 5, 6}, OnFault::kSkip, 1, checkpoint, 2);
  REQUIRE(first.steps.size() == 2);
  checkpoint.resume = true;
  second.fit({kLogOfZero, 2, 3, 4, 5, 6}, OnFault::kSkip, 1, checkpoint);
  REQUIRE(second.steps.size() == 1);
  CHECK(second.steps[0].skipped_steps == 1);
}

TEST_CASE("checkpoint: weights that are not finite are not saved over finite ones", "[train]") {
  const TemporaryFolder folder;
  TokenTable model;
  SGD optimizer(model.named_parameters(), {.lr = 0.5});
  TrainingCheckpoints checkpoints({.folder = folder.path().string(), .save_total_limit = 1, .log = nullptr});
  checkpoints.save({.step = 1}, {}, state_dict(model), optimizer, nullptr, {}, {});
  model.table.mutable_value().data()[0] = kInfinity;
  CHECK(thrown<NumericalError>([&] {
          checkpoints.save({.step = 2}, {}, state_dict(model), optimizer, nullptr, {}, {});
        }) == "[checkpoint] expected finite weights but table has infinity; none was written");
  REQUIRE(list_checkpoints(folder.path().string()).size() == 1);
  CHECK(list_checkpoints(folder.path().string())[0].step == 1);
}

TEST_CASE("checkpoint: a new training never removes the checkpoints of another one", "[train]") {
  const TemporaryFolder folder;
  CheckpointOptions checkpoint{
      .folder = folder.path().string(), .every_steps = 1, .save_total_limit = 1, .log = nullptr};
  Run().fit({1, 2, 3, 4, 5, 6}, OnFault::kStop, 1, checkpoint);
  REQUIRE(list_checkpoints(folder.path().string()).back().step == 3);
  CHECK(thrown<ConfigError>([&] {
          Run().fit({1, 2}, OnFault::kStop, 1, checkpoint);
        }) == concat("[checkpoint] expected a folder without checkpoints but ", folder.path().string(),
                     " has those of another training, up to step 3: go on with it by resume, or name another folder"));
  // Nor its own, when a damaged one of a higher step lies beside them.
  std::filesystem::remove(folder.path() / "checkpoint-3/state.json");
  checkpoint.resume = true;
  Run().fit({1, 2}, OnFault::kStop, 1, checkpoint);
  const auto newest = newest_checkpoint(folder.path().string());
  REQUIRE(newest.has_value());
  CHECK(newest->path().ends_with("checkpoint-1"));
}

}  // namespace numerical_fault_test
