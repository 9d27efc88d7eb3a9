// A training's bits do not depend on the number of threads: sizes that are cut between threads in every way, float and
// bfloat16, with dropout, clipping and a schedule. The scripts run it compiled for lesser processors too.
#include "support/catch.hpp"

#include <tempa/core/parallel.hpp>
#include <tempa/core/random.hpp>
#include <tempa/io/files/detail/crc32.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/ops/reduction.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/lr_scheduler/get_scheduler.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace thread_count_test {

using namespace tempa;

namespace {

constexpr Index kSteps = 50;

Batch random_batch(Generator& generator, Index vocab_size) {
  using Ids = Tensor<std::int32_t>;
  std::vector<std::int32_t> ids, bounds{0}, labels;
  Batch batch;
  const Index sequences = 1 + generator.below(16);
  for (Index b = 0; b < sequences; ++b) {
    const Index length = 2 + generator.below(30);
    for (Index t = 0; t < length; ++t) ids.push_back(static_cast<std::int32_t>(generator.below(vocab_size)));
    bounds.push_back(static_cast<std::int32_t>(ids.size()));
    labels.push_back(static_cast<std::int32_t>(generator.below(3)));
    batch.max_seqlen = std::max(batch.max_seqlen, length);
  }
  batch.token_type_ids = Ids::zeros({static_cast<Index>(ids.size())});
  batch.ids = Ids::from(ids);
  batch.cu_seqlens = Ids::from(bounds);
  batch.labels = Ids::from(labels);
  return batch;
}

/// The CRC-32 of all weights and losses of a training.
template <Floating T>
std::uint32_t crc_of_training(int threads) {
  set_num_threads(threads);
  manual_seed(7);
  BertConfig config;
  config.vocab_size = 700;
  config.hidden_size = 144;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 3;
  config.intermediate_size = 400;
  config.max_position_embeddings = 40;
  config.id2label = {"a", "b", "c"};
  BertForSequenceClassification<T> model(config);
  AdamW optimizer(model.parameters(), {.lr = 1e-3, .weight_decay = 0.01});
  const auto schedule = get_scheduler("linear", optimizer, {.num_training_steps = kSteps, .num_warmup_steps = 5});
  Generator generator(3);
  std::uint32_t crc = 0;
  const auto add = [&crc](const auto* values, Index count) {
    crc = crc32(
        std::string_view(reinterpret_cast<const char*>(values), static_cast<std::size_t>(count) * sizeof(*values)),
        crc);
  };
  model.train();
  for (Index step = 0; step < kSteps; ++step) {
    const Variable<Accumulator<T>> loss = model(random_batch(generator, config.vocab_size)).loss;
    loss.backward();
    clip_grad_norm(optimizer, 1.0);
    optimizer.step();
    schedule->step();
    const auto value = loss.item();
    add(&value, 1);
  }
  for (const auto& parameter : model.parameters()) add(parameter.value().data(), parameter.value().numel());
  return crc;
}

}  // namespace

TEMPLATE_TEST_CASE("50 training steps end with the same bits for 1, 2, 3 and 5 threads", "[determinism]", float,
                   bfloat16) {
  const int before = num_threads();
  const std::uint32_t expected = crc_of_training<TestType>(1);
  for (const int threads : {2, 3, 5}) {
    INFO(threads << " threads");
    CHECK(crc_of_training<TestType>(threads) == expected);
  }
  set_num_threads(before);
}

}  // namespace thread_count_test
