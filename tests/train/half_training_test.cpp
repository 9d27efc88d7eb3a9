// Training in 16-bit types: it learns as float does, the loss scale is kept with the checkpoints and in the log.
#include <tempa/data/data_loader.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/temporary_folder.hpp"

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

namespace half_training_test {

using namespace tempa;

namespace {

/// Label 1 when token 4 is there.
std::vector<TextExample> rows(Index count) {
  Generator generator(1);
  std::vector<TextExample> result;
  for (Index i = 0; i < count; ++i) {
    std::vector<std::int32_t> ids{1};
    bool found = false;
    for (std::int64_t t = 2 + generator.below(5); t > 0; --t) {
      ids.push_back(3 + static_cast<std::int32_t>(generator.below(7)));
      found = found || ids.back() == 4;
    }
    ids.push_back(2);
    result.push_back({.encoding = {ids, std::vector<std::int32_t>(ids.size(), 0)}, .label = found ? 1 : 0});
  }
  return result;
}

/// One training from the same start; on a CUDA device by graphs.
template <Floating T>
struct Run {
  BertForSequenceClassification<T> model;
  GradScaler scaler;
  std::vector<StepRecord> steps;
  std::vector<EpochRecord> history;
  bool interrupted = false;

  explicit Run(GradScalerOptions scaling = {.enabled = std::same_as<T, float16>}, Index epochs = 4, Index count = 256,
               CheckpointOptions checkpoint = {}, Index stop_after = -1, Device device = Device::cpu())
      : scaler(scaling) {
    BertConfig config;
    config.vocab_size = 10;
    config.hidden_size = 32;
    config.num_hidden_layers = 2;
    config.num_attention_heads = 2;
    config.intermediate_size = 64;
    config.max_position_embeddings = 16;
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
    config.id2label = {"without", "with"};
    manual_seed(5);
    model = BertForSequenceClassification<T>(config);
    model.to(device);
    AdamW optimizer(model.named_parameters(), {.lr = 1e-3});
    const auto data = rows(count);
    DataLoader<std::vector<TextExample>> loader(data, {.batch_size = 16, .shuffle = true, .seed = 3});
    checkpoint.log = nullptr;
    Trainer trainer(model, optimizer,
                    {.epochs = epochs,
                     .max_grad_norm = 1.0,
                     .graph = device.is_cuda(),
                     .scaler = &scaler,
                     .log = nullptr,
                     .progress = {.out = nullptr},
                     .checkpoint = checkpoint,
                     .stop_requested = [&] { return static_cast<Index>(steps.size()) == stop_after; }});
    trainer.on_step_end([&](const StepRecord& record) { steps.push_back(record); });
    history = trainer.fit(loader);
    interrupted = trainer.interrupted();
  }

  std::vector<std::uint16_t> bits() {
    std::vector<std::uint16_t> result;
    for (const auto& parameter : model.parameters())
      for (const T weight : parameter.value().to_vector()) result.push_back(weight.bits);
    return result;
  }
};

}  // namespace

TEST_CASE("Training in 16 bits: it learns as float does, epoch by epoch", "[train]") {
  const Run<float> single;
  const auto check = [&](const auto& run) {
    REQUIRE(run.history.size() == single.history.size());
    for (std::size_t i = 0; i < run.history.size(); ++i) {
      const double loss = run.history[i].train["loss"], expected = single.history[i].train["loss"];
      INFO("epoch " << i + 1 << ": " << loss << ", in float " << expected);
      CHECK(std::abs(loss - expected) <= 0.01 * expected);  // within one percent, the promise for bfloat16
    }
    CHECK(run.history.back().train["accuracy"] > 0.9);
  };
  check(Run<bfloat16>());
  check(Run<float16>());
}

TEST_CASE("Training in 16 bits: an overflow is a skipped step, told in the record", "[train]") {
  for (const Device device : devices()) {
    INFO(device);
    const Run<float16> run({.init_scale = 0x1p24}, 1, 96, {}, -1, device);
    REQUIRE(run.steps.size() == 6);
    CHECK(run.scaler.skipped_steps() > 0);
    Index skipped = 0;
    for (const StepRecord& record : run.steps) {
      skipped += record.skipped ? 1 : 0;
      CHECK(record.skipped_steps == skipped);
      CHECK(record.loss_scale == std::ldexp(1.0, 24 - static_cast<int>(skipped) + (record.skipped ? 1 : 0)));
      CHECK(record.grad_norm.has_value() == !record.skipped);
    }
  }
  const Run<bfloat16> without({.enabled = false}, 1, 96);
  CHECK_FALSE(without.steps.front().loss_scale.has_value());
}

TEST_CASE("Training in 16 bits: interrupted and resumed, it ends with the same bits and the same scale", "[train]") {
  const GradScalerOptions scaling{.init_scale = 0x1p22, .growth_interval = 3};
  for (const Device device : devices()) {
    const Index count = device.is_cpu() ? 96 : 48;  // an emulated device is slow
    Run<float16> whole(scaling, 2, count, {}, -1, device);
    REQUIRE(whole.scaler.skipped_steps() > 0);
    for (const Index stop : device.is_cpu() ? std::vector<Index>{1, 4, 8} : std::vector<Index>{4}) {
      const TemporaryFolder folder;
      const Run<float16> first(scaling, 2, count, {.folder = folder.path().string()}, stop, device);
      REQUIRE(first.interrupted);
      Run<float16> second(scaling, 2, count, {.folder = folder.path().string(), .resume = true}, -1, device);
      INFO(device << ", stopped after step " << stop);
      CHECK(second.bits() == whole.bits());
      CHECK(second.scaler.state_dict() == whole.scaler.state_dict());
    }
  }
}

}  // namespace half_training_test
