#include <tempa/data/data_loader.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/sgd.hpp>
#include <tempa/profile/profiler.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace trainer_test {

using namespace tempa;

namespace {

using Classifier = BertForSequenceClassification<float>;

/// Rows of class k hold many tokens 3 + k: easy to learn.
std::vector<TextExample> easy_rows(int count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<TextExample> rows;
  for (int i = 0; i < count; ++i) {
    const auto label = static_cast<std::int32_t>(i % 3);
    std::vector<std::int32_t> ids{1};
    for (std::int64_t t = 3 + generator.below(5); t > 0; --t)
      ids.push_back(generator.uniform() < 0.5 ? 3 + label : 6 + static_cast<std::int32_t>(generator.below(4)));
    ids.push_back(2);
    rows.push_back({.encoding = {ids, std::vector<std::int32_t>(ids.size(), 0)}, .label = label});
  }
  return rows;
}

Classifier small_model(std::uint64_t seed) {
  BertConfig config;
  config.vocab_size = 10;
  config.hidden_size = 16;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 32;
  config.max_position_embeddings = 16;
  config.id2label = {"a", "b", "c"};
  manual_seed(seed);
  return Classifier(config);
}

/// A user's module around another: it always evaluates.
struct WithoutDropout {
  Classifier& model;
  auto operator()(const Batch& batch) {
    model.eval();
    return model(batch);
  }
  void visit(auto&& f) { f("model", model); }
};

const ProgressOptions kSilent{.out = nullptr};

}  // namespace

TEST_CASE("Trainer: learns, keeps the best weights and prints the tutorial's lines", "[train]") {
  const auto train = easy_rows(96, 1), valid = easy_rows(48, 2);
  DataLoader loader(train, {.batch_size = 16, .shuffle = true, .seed = 1}), valid_loader(valid, {.batch_size = 16});
  Classifier model = small_model(1);
  AdamW optimizer(model.parameters(), {.lr = 5e-3});
  StepLR scheduler(optimizer, {.step_size = 1, .gamma = 0.9});
  std::ostringstream log;
  Trainer trainer(model, optimizer, {.epochs = 8, .max_grad_norm = 1.0, .log = &log, .progress = kSilent});
  trainer.set_scheduler(scheduler, ScheduleStep::kEpoch);
  Index steps = 0;
  trainer.on_step_end([&](const StepRecord& record) {
    CHECK(record.step == ++steps);
    CHECK(std::isfinite(record.loss));
    CHECK(record.lr == optimizer.lr());
    CHECK(record.grad_norm.value_or(-1) > 0);
  });
  const auto history = trainer.fit(loader, valid_loader);
  REQUIRE(history.size() == 8);
  CHECK(steps == 48);
  CHECK(history.back().train["loss"] < 0.5 * history.front().train["loss"]);
  CHECK(history[1].lr == Approx(5e-3 * 0.9));
  double best = 0;
  for (const auto& record : history) best = std::max(best, (*record.valid)["f1_macro"]);
  CHECK(evaluate(model, valid_loader).scores["f1_macro"] == best);
  CHECK(best > 0.9);
  CHECK(log.str().find("(Epoch 1) TRAIN LOSS:") == 0);
  CHECK(log.str().find(" ACC:") != std::string::npos);
  CHECK(log.str().find(" LR:0.00500000\n(Epoch 1) VALID LOSS:") != std::string::npos);
}

TEST_CASE("Trainer: accumulating two half batches is one whole batch", "[train]") {
  const auto rows = easy_rows(24, 3);
  const auto weights_after = [&](Index batch_size, Index accumulation) {
    DataLoader loader(rows, {.batch_size = batch_size});
    Classifier model = small_model(2);
    SGD optimizer(model.parameters(), {.lr = 0.1});
    WithoutDropout plain{model};
    Trainer trainer(plain, optimizer,
                    {.epochs = 1, .gradient_accumulation_steps = accumulation, .log = nullptr, .progress = kSilent});
    trainer.fit(loader);
    return model.classifier.weight.value().to_vector();
  };
  const auto whole = weights_after(8, 1), halves = weights_after(4, 2);
  // Sums of 8 gradients in another order: some roundings of 6e-8 of values below 1.
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(halves[i] == Approx(whole[i]).margin(1e-6));
}

TEST_CASE("Trainer: stops early, evaluates as often as asked, and callbacks may end it", "[train]") {
  const auto rows = easy_rows(12, 4);
  DataLoader loader(rows, {.batch_size = 12});
  Classifier model = small_model(3);
  SGD optimizer(model.parameters(), {.lr = 0.0});  // nothing improves
  SECTION("patience") {
    Trainer trainer(model, optimizer, {.epochs = 10, .patience = 2, .log = nullptr, .progress = kSilent});
    CHECK(trainer.fit(loader, loader).size() == 3);
  }
  SECTION("evaluate_every") {
    Trainer trainer(model, optimizer, {.epochs = 5, .evaluate_every = 2, .log = nullptr, .progress = kSilent});
    std::vector<bool> evaluated;
    for (const auto& record : trainer.fit(loader, loader)) evaluated.push_back(record.valid.has_value());
    CHECK(evaluated == std::vector<bool>{false, true, false, true, true});
  }
  SECTION("callback") {
    Trainer trainer(model, optimizer, {.epochs = 5, .log = nullptr, .progress = kSilent});
    trainer.on_epoch_end([](const EpochRecord& record) { return record.epoch < 2; });
    CHECK(trainer.fit(loader, loader).size() == 2);
  }
}

TEST_CASE("Trainer: an averaged model is what is evaluated and kept", "[train]") {
  const auto rows = easy_rows(48, 5);
  DataLoader loader(rows, {.batch_size = 8, .shuffle = true}), valid(rows, {.batch_size = 48});
  Classifier model = small_model(4);
  AdamW optimizer(model.parameters(), {.lr = 5e-3});
  AveragedModel average(model.parameters(), {.decay = 0.9});
  Trainer trainer(model, optimizer, {.epochs = 3, .average = &average, .log = nullptr, .progress = kSilent});
  std::vector<float> at_best;
  trainer.on_best([&](const EpochRecord&) { at_best = model.classifier.weight.value().to_vector(); });
  const auto history = trainer.fit(loader, valid);
  CHECK_FALSE(average.is_swapped());
  CHECK(model.classifier.weight.value().to_vector() == at_best);
  CHECK(evaluate(model, valid).scores["f1_macro"] ==
        Approx(std::max(
            {(*history[0].valid)["f1_macro"], (*history[1].valid)["f1_macro"], (*history[2].valid)["f1_macro"]})));
}

TEST_CASE("Trainer: a NaN loss stops with epoch, batch and rows, before the step", "[train]") {
  const auto rows = easy_rows(6, 6);
  DataLoader loader(rows, {.batch_size = 3});
  Classifier model = small_model(5);
  SGD optimizer(model.parameters(), {.lr = 0.1});
  model.classifier.bias.mutable_value().fill(std::numeric_limits<float>::quiet_NaN());
  const auto before = model.classifier.weight.value().to_vector();
  Trainer trainer(model, optimizer, {.epochs = 1, .log = nullptr, .progress = kSilent});
  try {
    trainer.fit(loader);
    FAIL("nothing was thrown");
  } catch (const NumericalError& error) {
    CHECK(std::string(error.what()).find("nan in epoch 1, step 1, batch 1, rows 0 1 2: ") != std::string::npos);
    CHECK(std::string(error.what()).find(", parameter classifier.bias; ") != std::string::npos);
  }
  CHECK(model.classifier.weight.value().to_vector() == before);
}

TEST_CASE("Trainer: a profiler sees steps, data, optimizer, evaluations and checkpoints", "[train]") {
  const TemporaryFolder folder;
  const auto rows = easy_rows(24, 3);
  DataLoader loader(rows, {.batch_size = 8, .num_workers = 1}), valid_loader(rows, {.batch_size = 12});
  Classifier model = small_model(1);
  AdamW optimizer(model.parameters(), {.lr = 1e-3});
  Trainer trainer(model, optimizer,
                  {.epochs = 2,
                   .max_grad_norm = 1.0,
                   .log = nullptr,
                   .progress = kSilent,
                   .checkpoint = {.folder = (folder.path() / "checkpoints").string(), .log = nullptr}});
  Profiler profiler({.log = nullptr});
  trainer.fit(loader, valid_loader);
  std::map<std::string, Index> calls;
  for (const ProfileRow& row : profiler.rows()) calls[row.name] = row.calls;
  CHECK(calls["training step"] == 6);
  CHECK(calls["backward pass"] == 6);
  CHECK(calls["clip_grad_norm"] == 6);
  CHECK(calls["AdamW"] == 6);
  CHECK(calls["data"] == 6 + 4);
  CHECK(calls["data wait"] == 6 + 4);
  CHECK(calls["evaluation"] == 2);
  CHECK(calls["checkpoint"] == 2);
  CHECK(calls["cross_entropy"] == 6 + 4);
  CHECK(calls["cross_entropy backward"] == 6);
  CHECK(calls["attention"] == 6 + 4);
}

TEST_CASE("Trainer and evaluate: options and batches that cannot be are refused", "[train]") {
  Classifier model = small_model(6);
  SGD optimizer(model.parameters(), {.lr = 0.1});
  CHECK_THROWS_AS(Trainer(model, optimizer, {.epochs = 0}), ConfigError);
  CHECK_THROWS_AS(Trainer(model, optimizer, {.gradient_accumulation_steps = 0}), ConfigError);
  CHECK_THROWS_AS(Trainer(model, optimizer, {.max_grad_norm = -1.0}), ConfigError);
  CHECK_THROWS_AS(Trainer(model, optimizer, {.metric = "auc"}), ConfigError);
  CHECK_THROWS_AS(Trainer(model, optimizer, {.patience = 0}), ConfigError);
  auto rows = easy_rows(3, 7);
  for (auto& row : rows) row.label.reset();
  DataLoader unlabelled(rows, {.batch_size = 3});
  CHECK_THROWS_AS(evaluate(model, unlabelled), ValueError);
}

TEST_CASE("Training: the same seed gives the same bits for any number of workers", "[train]") {
  const auto rows = easy_rows(64, 8);
  const auto run = [&](Index workers) {
    DataLoader loader(rows, {.batch_size = 8, .shuffle = true, .seed = 9, .num_workers = workers});
    Classifier model = small_model(7);
    AdamW optimizer(model.parameters(), {.lr = 1e-3});
    Trainer trainer(model, optimizer, {.epochs = 2, .log = nullptr, .progress = kSilent});
    trainer.fit(loader);
    return model.bert.embeddings.word_embeddings.weight.value().to_vector();
  };
  const auto expected = run(0);
  CHECK(run(1) == expected);
  CHECK(run(3) == expected);
}

}  // namespace trainer_test
