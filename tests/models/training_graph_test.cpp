// Training steps as CUDA graphs, and batches that are filled up for them.
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/lr_scheduler/step_lr.hpp>
#include <tempa/optim/sgd.hpp>
#include <tempa/train/trainer.hpp>
#include <tempa/train/training_graph.hpp>

#include "models/small_bert.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/difference.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#if defined(TEMPA_CUDA_EMULATED)
#include "emulation/runtime_api.hpp"
#endif

namespace training_graph_test {

using namespace tempa;

namespace {

constexpr TrainingGraphOptions kOptions{.max_norm = 0.1, .token_bucket = 32, .length_bucket = 16, .max_length = 40};

/// Loss and all gradients, end to end.
template <typename T>
std::vector<double> gradients(BertForSequenceClassification<T>& model, const Batch& batch) {
  manual_seed(8);
  const auto loss = model(batch.to(model.parameters()[0].device())).loss;
  loss.backward();
  std::vector<double> result{static_cast<double>(loss.item())};
  for (const auto& variable : model.parameters()) {
    for (const T value : variable.grad().to_vector()) result.push_back(element_cast<double>(value));
    variable.clear_grad();
  }
  return result;
}

}  // namespace

TEST_CASE("A batch that is filled up has the same loss and gradients, whatever fills it", "[models]") {
  manual_seed(3);
  BertForSequenceClassification<double> model(small_bert_config());
  const Batch batch = small_bert_batch();
  Batch padded = padded_to_bucket(batch, kOptions);
  CHECK(padded.tokens() == 64);
  CHECK(padded.max_seqlen == 40);
  CHECK(padded.labels.shape() == batch.labels.shape());
  CHECK(padded.cu_seqlens.to_vector() == batch.cu_seqlens.to_vector());
  for (const Device device : devices()) {
    INFO(device);
    model.to(device);
    model.eval();
    const auto expected = gradients(model, batch), filled = gradients(model, padded);
    // Sums over more rows, which are zero, may be cut into parts in another way.
    CHECK(difference(Tensor<double>::from(filled), Tensor<double>::from(expected)) <= 1e-14);
    model.train();
    const auto with_dropout = gradients(model, padded);
    Batch other = padded;
    other.ids = padded.ids.clone();
    for (Index n = batch.tokens(); n < other.tokens(); ++n) other.ids.data()[n] = static_cast<std::int32_t>(n % 50);
    CHECK(gradients(model, other) == with_dropout);
  }
}

TEST_CASE("A batch that is filled up: labels of tokens, full buckets, and one token each", "[models]") {
  Batch batch = small_bert_batch(5, {3, 2});
  batch.labels = Tensor<std::int32_t>::from({1, 2, 0, 1, 1});
  const Batch padded = padded_to_bucket(batch, {.token_bucket = 8, .length_bucket = 4, .max_length = 3});
  CHECK(padded.labels.to_vector() == std::vector<std::int32_t>{1, 2, 0, 1, 1, kNoLabel, kNoLabel, kNoLabel});
  CHECK(padded.max_seqlen == 3);
  CHECK(padded_to_bucket(batch, {.token_bucket = 5, .length_bucket = 3}).tokens() == 5);
}

TEST_CASE("TrainingGraph: options out of range, and on the CPU plain steps", "[models]") {
  manual_seed(3);
  BertForSequenceClassification<float> model(small_bert_config());
  AdamW optimizer(model.parameters());
  const auto forward = [&](const Batch& batch) { return model(batch).loss; };
  CHECK_THROWS_AS(TrainingGraph(optimizer, forward, {.token_bucket = 0}), ConfigError);
  TrainingGraph step(optimizer, forward, kOptions);
  CHECK_THROWS_AS(step(Batch{}), Error);
  const double first = static_cast<double>(step(small_bert_batch()).item());
  CHECK(std::isfinite(first));
  CHECK(step.grad_norm() > 0);
  CHECK(step.without_graph() == 1);
  CHECK(step.why_not().empty());
}

#if defined(TEMPA_WITH_CUDA)
namespace {

/// Batches of several buckets, of which some come again.
std::vector<Batch> batches() {
  return {small_bert_batch(1), small_bert_batch(2, {9, 3}), small_bert_batch(3, {5, 30, 20, 1}),
          small_bert_batch(4, {11, 17}), small_bert_batch(5, {30, 33, 1, 9})};
}

/// What training leaves: losses, norms, scales, parameters and moments.
struct Trained {
  std::vector<double> losses, norms, scales, weights, moments;
  std::uint64_t random_position = 0;
  Index skipped = 0, recorded = 0, launched = 0;

  bool operator==(const Trained& other) const {
    return losses == other.losses && norms == other.norms && scales == other.scales && weights == other.weights &&
           moments == other.moments && random_position == other.random_position && skipped == other.skipped;
  }
};

/// What an optimizer has, end to end.
std::vector<double> state_of(const Optimizer& optimizer) {
  std::vector<double> result;
  const OptimizerState state = optimizer.state_dict();
  for (const auto& entry : state.tensors)
    std::visit(
        [&](const auto& tensor) {
          for (const auto value : tensor.to_vector()) result.push_back(static_cast<double>(value));
        },
        entry.second);
  for (const auto& entry : state.numbers) result.push_back(entry.second);
  return result;
}

constexpr std::size_t kNever = 1000, kOverflow = 5;

/// float16 with a loss scale, which the gradients of the first step and of `kOverflow` are too large for.
/// @param graphs whether graphs are used. @param steps from 6 on, a bucket comes again. @param restored the step before
/// which optimizer and scaler take up what they have saved.
template <typename T, typename Optimizer, typename Options>
Trained train(bool graphs, Options options, std::size_t steps, std::size_t restored = kNever) {
  manual_seed(11);
  BertForSequenceClassification<T> model(small_bert_config());
  model.to(Device::cuda());
  Optimizer optimizer(model.parameters(), options);
  StepLR scheduler(optimizer, {.step_size = 2, .gamma = 0.5});
  GradScaler scaler({.init_scale = 256, .growth_interval = 3, .enabled = std::same_as<T, float16>});
  Variable<Accumulator<T>> factor(Tensor<Accumulator<T>>::full({}, 1, Device::cuda()));
  const auto forward = [&](const Batch& batch) {
    auto output = model(batch);
    output.loss = mul(output.loss, factor);
    return output;
  };
  auto graph_options = kOptions;
  graph_options.scaler = &scaler;
  TrainingGraph graph(optimizer, forward, graph_options);
  Trained result;
  const auto all = batches();
  for (std::size_t s = 0; s < steps; ++s) {
    const Batch& batch = all[s % all.size()];
    if (s == restored) {
      optimizer.load_state_dict(optimizer.state_dict());
      scaler.load_state_dict(scaler.state_dict());
    }
    const bool overflows = scaler.is_enabled() && (s == 0 || s == kOverflow);
    factor.mutable_value().fill(overflows ? 1e8f : 1.0f);
    const auto before = s == kOverflow ? state_of(optimizer) : std::vector<double>();
    double norm = 0;
    if (graphs) {
      result.losses.push_back(static_cast<double>(graph(batch).loss.item()));
      norm = graph.grad_norm();
    } else {
      const auto output = forward(padded_to_bucket(batch, kOptions).to(Device::cuda()));
      scaler.scale(output.loss).backward();
      scaler.step(optimizer, {.max_norm = kOptions.max_norm});
      if (scaler.is_enabled()) scaler.update();
      result.losses.push_back(static_cast<double>(output.loss.item()));
      norm = optimizer.grad_norm();
    }
    CHECK(std::isfinite(norm) == !overflows);
    if (overflows && s > 0) CHECK(state_of(optimizer) == before);
    result.norms.push_back(overflows ? 0 : norm);
    result.scales.push_back(scaler.get_scale());
    scheduler.step();
  }
  CHECK(graph.why_not().empty());
  for (const auto& variable : model.parameters())
    for (const T value : variable.value().to_vector()) result.weights.push_back(element_cast<double>(value));
  result.moments = state_of(optimizer);
  result.random_position = default_generator().position();
  result.skipped = scaler.skipped_steps();
  result.recorded = graph.recorded();
  result.launched = graph.launched();
  return result;
}

}  // namespace

TEST_CASE("TrainingGraph: the same bits as steps without graphs, over several buckets", "[models][cuda]") {
  if (skips_without_cuda()) return;
  const AdamWOptions adam{.lr = 1e-3, .weight_decay = 0.01};
  const auto graphed = train<float, AdamW>(true, adam, 8);
  CHECK(graphed == train<float, AdamW>(false, adam, 8));
  CHECK(graphed.recorded == 5);
  CHECK(graphed.launched == 7);
  for (const double norm : graphed.norms) CHECK(norm > *kOptions.max_norm);  // it does clip
  const SGDOptions sgd{.lr = 0.1, .momentum = 0.9};
  CHECK(train<float, SGD>(true, sgd, 6) == train<float, SGD>(false, sgd, 6));
  CHECK(train<bfloat16, AdamW>(true, adam, 6) == train<bfloat16, AdamW>(false, adam, 6));
}

TEST_CASE("TrainingGraph: float16 with a loss scale, which shrinks in a step that is skipped, and grows",
          "[models][cuda]") {
  if (skips_without_cuda()) return;
  const AdamWOptions adam{.lr = 1e-3, .weight_decay = 0.01};
  const auto graphed = train<float16, AdamW>(true, adam, 10);
  CHECK(graphed.launched == 9);
  CHECK(graphed.skipped == 2);
  CHECK(graphed.scales == std::vector<double>{128, 128, 128, 256, 256, 128, 128, 128, 256, 256});
  CHECK(graphed == train<float16, AdamW>(false, adam, 10));
  // Right behind the step that was skipped: what is saved there does not count it.
  const auto restored = train<float16, AdamW>(true, adam, 10, kOverflow + 1);
  CHECK(restored == graphed);
  CHECK(restored.recorded > graphed.recorded);
  const SGDOptions sgd{.lr = 0.1, .momentum = 0.9, .dampening = 0.5};  // the first gradient counts in full
  CHECK(train<float16, SGD>(true, sgd, 4) == train<float16, SGD>(false, sgd, 4));
}

TEST_CASE("TrainingGraph: what cannot be recorded is done without, and says why", "[models][cuda]") {
  if (skips_without_cuda()) return;
  manual_seed(11);
  BertForSequenceClassification<float> model(small_bert_config());
  model.to(Device::cuda());
  AdamW optimizer(model.parameters(), {.lr = 1e-3});
  bool looks = true;
  double seen = 0;
  TrainingGraph step(
      optimizer,
      [&](const Batch& batch) {
        const auto loss = model(batch).loss;
        if (looks) seen = static_cast<double>(loss.item());
        return loss;
      },
      kOptions);
  for (int i = 0; i < 3; ++i) CHECK(static_cast<double>(step(small_bert_batch()).item()) == seen);
  CHECK(step.without_graph() == 3);
  CHECK(step.why_not().find("a step that is recorded cannot read device memory on the host") != std::string::npos);
  looks = false;
  step.reset();
  for (int i = 0; i < 3; ++i) step(small_bert_batch());
  CHECK(step.why_not().empty());
  CHECK(step.launched() == 3);

  Generator own(4);
  TrainingGraph other(
      optimizer, [&](const Batch& batch) { return mean(dropout(model(batch).logits, 0.5, own)); }, kOptions);
  for (int i = 0; i < 2; ++i) other(small_bert_batch());
  CHECK(other.why_not().find("draws from the default generator") != std::string::npos);
}

TEST_CASE("TrainingGraph: frozen parameters, a loaded state and new storage are noticed", "[models][cuda]") {
  if (skips_without_cuda()) return;
  manual_seed(11);
  BertForSequenceClassification<float> model(small_bert_config());
  model.to(Device::cuda());
  AdamW optimizer(model.parameters(), {.lr = 1e-3});
  TrainingGraph step(
      optimizer, [&](const Batch& batch) { return model(batch).loss; }, kOptions);
  for (int i = 0; i < 3; ++i) step(small_bert_batch());
  CHECK(step.recorded() == 1);
  set_requires_grad(model.bert.embeddings, false);
  const auto table = model.bert.embeddings.word_embeddings.weight.value().to_vector();
  for (int i = 0; i < 2; ++i) step(small_bert_batch());
  CHECK(step.recorded() == 2);
  CHECK(model.bert.embeddings.word_embeddings.weight.value().to_vector() == table);
  optimizer.load_state_dict(optimizer.state_dict());
  step(small_bert_batch());
  CHECK(step.recorded() == 3);
  auto& weight = model.classifier.weight.mutable_value();
  weight = weight.clone();
  const auto before = weight.to_vector();
  step(small_bert_batch());
  CHECK(step.recorded() == 4);
  CHECK(model.classifier.weight.value().to_vector() != before);
}

TEST_CASE("TrainingGraph: bfloat16 weights that are loaded anew are trained from their full precision",
          "[models][cuda]") {
  if (skips_without_cuda()) return;
  manual_seed(12);
  BertForSequenceClassification<float> full(small_bert_config());
  const auto trained = [&](bool graphs) {
    manual_seed(11);
    BertForSequenceClassification<bfloat16> model(small_bert_config());
    model.to(Device::cuda());
    AdamW optimizer(model.parameters(), {.lr = 1e-3});
    TrainingGraph graph(
        optimizer, [&](const Batch& batch) { return model(batch).loss; }, kOptions);
    for (int s = 0; s < 5; ++s) {
      if (s == 3) CHECK(model.load_state_dict(full.state_dict()).complete());
      if (graphs) {
        graph(small_bert_batch());
      } else {
        model(padded_to_bucket(small_bert_batch(), kOptions).to(Device::cuda())).loss.backward();
        optimizer.step({.max_norm = kOptions.max_norm});
      }
    }
    CHECK(graph.why_not().empty());
    CHECK(graph.recorded() == (graphs ? 2 : 0));  // once more for the new weights
    return state_of(optimizer);
  };
  const bool same_bits = trained(true) == trained(false);
  CHECK(same_bits);
}

TEST_CASE("TrainingGraph: memory does not grow, and graphs share it", "[models][cuda]") {
  if (skips_without_cuda()) return;
  manual_seed(11);
  BertForSequenceClassification<float> model(small_bert_config());
  model.to(Device::cuda());
  AdamW optimizer(model.parameters(), {.lr = 1e-3});
  auto options = kOptions;
  options.max_graphs = 2;
  TrainingGraph step(
      optimizer, [&](const Batch& batch) { return model(batch).loss; }, options);
  step(small_bert_batch());
  step(small_bert_batch());
  const auto held = [] {
    const auto stats = cuda::memory_stats(0);
    return stats.allocated_bytes + stats.cached_bytes;
  };
  const std::size_t one_graph = held();
  step(small_bert_batch(5, {9, 3}));  // smaller: all it needs is there
  const std::size_t two_graphs = held();
  CHECK(two_graphs < one_graph + one_graph / 4);
  for (int i = 0; i < 2; ++i)
    for (const Batch& batch : batches()) step(batch);
  const std::size_t many = held();
  for (const Batch& batch : batches()) step(batch);
  CHECK(held() <= many);
  CHECK(step.recorded() > 3);  // only two are kept
}

TEST_CASE("Trainer: with graphs it learns the same, and a fault leaves the weights", "[models][cuda]") {
  if (skips_without_cuda()) return;
  auto config = small_bert_config();
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;  // filled up, a batch has other masks
  auto loader = batches();
  std::vector<Batch> some{loader[1]};
  const auto fit = [&](bool graph, float spoiled) {
    manual_seed(11);
    BertForSequenceClassification<float> model(config);
    model.to(Device::cuda());
    AdamW optimizer(model.parameters(), {.lr = 1e-3});
    Trainer trainer(model, optimizer,
                    {.epochs = 1, .max_grad_norm = 1, .graph = graph, .log = nullptr, .progress = {.out = nullptr}});
    std::vector<double> steps;
    trainer.on_step_end([&](const StepRecord& record) {
      steps.push_back(record.loss);
      steps.push_back(record.grad_norm.value_or(-2));
      if (spoiled != 0 && record.step == 3) model.classifier.weight.mutable_value().fill(spoiled);
    });
    try {
      trainer.fit(loader, some);
    } catch (const NumericalError&) {
      steps.push_back(-1);
      for (const float value : model.bert.pooler.dense.bias.value().to_vector()) CHECK(std::isfinite(value));
    }
    return steps;
  };
  const auto graphed = fit(true, 0), plain = fit(false, 0);
  REQUIRE(graphed.size() == 2 * loader.size());
  REQUIRE(plain.size() == graphed.size());
  for (std::size_t i = 0; i < plain.size(); ++i) CHECK(std::abs(graphed[i] - plain[i]) <= 1e-4 * plain[i]);
  const auto stopped = fit(true, std::numeric_limits<float>::infinity());
  CHECK(stopped.size() == 7);
  CHECK(stopped.back() == -1);
  BertForSequenceClassification<float> model(config);
  AdamW optimizer(model.parameters());
  CHECK_THROWS_AS(Trainer(model, optimizer, {.gradient_accumulation_steps = 2, .graph = true}), ConfigError);
}

#if defined(TEMPA_CUDA_EMULATED)
TEST_CASE("A training step without memory, with a kernel that fails, and on two devices: typed errors",
          "[models][cuda]") {
  emulation::reset();
  manual_seed(11);
  BertForSequenceClassification<float> model(small_bert_config());
  model.to(Device::cuda());
  AdamW optimizer(model.parameters(), {.lr = 1e-3});
  const Batch batch = small_bert_batch().to(Device::cuda());
  const auto step = [&] {
    const auto loss = model(batch).loss;
    loss.backward();
    optimizer.step({.max_norm = 1.0});
    return loss.item();
  };
  const auto weights = [&] { return model.classifier.weight.value().to_vector(); };
  step();
  cuda::release_cached_memory(0);
  const auto used = cuda::memory_stats(0).allocated_bytes;
  const auto before = weights();
  // Room for a part of the activations: the step ends in the middle, forward or backward.
  for (const std::size_t more : {std::size_t{20000}, std::size_t{200000}}) {
    emulation::machine().memory_bytes = used + more;
    CHECK_THROWS_AS(step(), OutOfMemoryError);
    optimizer.zero_grad();
    CHECK(weights() == before);
  }
  emulation::machine().memory_bytes = std::size_t{8} << 30;
  CHECK(std::isfinite(step()));
  CHECK(weights() != before);

  emulation::machine().device_count = 2;
  CHECK_THROWS_AS(model(small_bert_batch().to(Device::cuda(1))), DeviceError);
  BertForSequenceClassification<float> other(small_bert_config());
  other.to(Device::cuda(1));
  other.classifier.weight.mutable_value() = model.classifier.weight.value();
  CHECK_THROWS_AS(other(small_bert_batch().to(Device::cuda(1))), DeviceError);
  AdamW both({model.classifier.bias, other.classifier.bias}, {.lr = 1e-3});
  for (const auto& parameter : {model.classifier.bias, other.classifier.bias}) parameter.mutable_grad().fill(1);
  both.step();
  for (const auto& parameter : {model.classifier.bias, other.classifier.bias})
    CHECK(std::abs(parameter.value().to_vector()[0] + 1e-3f) < 1e-2f);
  emulation::machine().device_count = 1;

  emulation::machine().launches_until_failure = 40;
  CHECK_THROWS_AS(step(), CudaError);
  CHECK_THROWS_AS(model.classifier.bias.value().to_vector(), CudaError);  // on a GPU only a new process helps
  emulation::reset();
  optimizer.zero_grad();
  CHECK(std::isfinite(step()));
}
#endif
#endif

}  // namespace training_graph_test
