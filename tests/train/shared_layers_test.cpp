// Layers that share their weights, as ALBERT's do: to gradients, optimizers, averages and checkpoints each weight is
// there once.
#include <tempa/data/data_loader.hpp>
#include <tempa/models/albert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/layerwise_lr.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace shared_layers_test {

using namespace tempa;

namespace {

AlbertConfig small_config() {
  return {.vocab_size = 12,
          .embedding_size = 4,
          .hidden_size = 8,
          .num_hidden_layers = 4,
          .num_hidden_groups = 2,
          .num_attention_heads = 2,
          .intermediate_size = 10,
          .hidden_dropout_prob = 0.1,
          .max_position_embeddings = 8,
          .id2label = {"a", "b"}};
}

std::vector<TextExample> rows() {
  Generator generator(1);
  std::vector<TextExample> result;
  for (int i = 0; i < 22; ++i) {
    std::vector<std::int32_t> ids{2};
    for (std::int64_t t = 1 + generator.below(6); t > 0; --t)
      ids.push_back(3 + static_cast<std::int32_t>(generator.below(9)));
    result.push_back({.encoding = {ids, std::vector<std::int32_t>(ids.size(), 0)},
                      .label = static_cast<std::int32_t>(generator.below(2))});
  }
  return result;
}

/// A training of three epochs. @param stop_after steps, or 0.
/// @return the weights in the end.
std::vector<float> train(Index stop_after, const CheckpointOptions& checkpoint, AlbertConfig config = small_config()) {
  manual_seed(5);
  AlbertForSequenceClassification<float> model(config);
  AdamW optimizer(layerwise_lr_groups(model.named_parameters(), AdamWOptions{.lr = 1e-2}, 0.8));
  AveragedModel average(model.named_parameters(), {.decay = 0.8});
  const auto data = rows();
  DataLoader loader(data, {.batch_size = 4, .shuffle = true, .seed = 3});
  Index steps = 0;
  Trainer trainer(model, optimizer,
                  {.epochs = 3,
                   .gradient_accumulation_steps = 2,
                   .max_grad_norm = 1.0,
                   .average = &average,
                   .log = nullptr,
                   .progress = {.out = nullptr},
                   .checkpoint = checkpoint,
                   .stop_requested = [&] { return ++steps == stop_after; }});
  trainer.fit(loader);
  std::vector<float> all;
  for (const auto& parameter : model.parameters())
    for (const float value : parameter.value().span()) all.push_back(value);
  return all;
}

}  // namespace

TEST_CASE("shared layers: a weight is one parameter, in one group, with the rate of its group of layers", "[train]") {
  AlbertForSequenceClassification<float> model(small_config());
  std::set<const void*> nodes;
  for (const auto& parameter : model.named_parameters()) CHECK(nodes.insert(parameter.variable.node().get()).second);
  CHECK(nodes.size() == 5 + 2 + 2 * 16 + 2 + 2);  // embeddings, map, two groups of a layer, pooler, classifier
  CHECK(model.state_dict().size() == nodes.size());
  CHECK(AveragedModel(model.named_parameters()).state_dict().size() == nodes.size());

  const auto groups = layerwise_lr_groups(model.named_parameters(), AdamWOptions{.lr = 1, .weight_decay = 0.1}, 0.5);
  std::map<std::string, AdamWOptions> found;
  for (const auto& group : groups)
    for (const auto& parameter : group.parameters) CHECK(found.emplace(parameter.name, group.options).second);
  CHECK(found.size() == nodes.size());
  const std::string first = "albert.encoder.albert_layer_groups.0.albert_layers.0.",
                    second = "albert.encoder.albert_layer_groups.1.albert_layers.0.";
  const std::map<std::string, double> rates{{"albert.embeddings.word_embeddings.weight", 0.125},
                                            {"albert.encoder.embedding_hidden_mapping_in.weight", 0.125},
                                            {first + "ffn.weight", 0.25},
                                            {first + "full_layer_layer_norm.weight", 0.25},
                                            {second + "attention.LayerNorm.weight", 0.5},
                                            {second + "attention.query.bias", 0.5},
                                            {"albert.pooler.weight", 1},
                                            {"classifier.bias", 1}};
  for (const auto& [name, rate] : rates) {
    INFO(name);
    CHECK(found.at(name).lr == rate);
    CHECK(found.at(name).weight_decay == (is_bias_or_norm(name) ? 0.0 : 0.1));
  }
  CHECK(is_bias_or_norm(first + "full_layer_layer_norm.weight"));
  CHECK_FALSE(is_bias_or_norm(first + "ffn_output.weight"));
}

TEST_CASE("shared layers: the gradient is the sum over all times that the layer is run", "[train]") {
  AlbertConfig config = small_config();
  config.hidden_dropout_prob = 0;
  config.num_hidden_groups = 1;
  AlbertModel<double> shared(config);
  config.num_hidden_groups = config.num_hidden_layers;
  AlbertModel<double> apart(config);
  StateDict weights = shared.state_dict();
  const std::string shared_part = "albert_layer_groups.0.";
  for (const auto& entry : shared.state_dict())
    for (Index g = 1; g < config.num_hidden_layers; ++g)
      if (const std::size_t at = entry.name.find(shared_part); at != std::string::npos)
        weights.insert(std::string(entry.name).replace(at, shared_part.size(), concat("albert_layer_groups.", g, ".")),
                       entry.tensor);
  apart.load_state_dict(weights).require_complete("the shared weights", "the model");

  const auto ids = Tensor<std::int32_t>::from({2, 5, 7, 3, 2, 9, 0, 0}, {2, 4}),
             mask = Tensor<std::int32_t>::from({1, 1, 1, 1, 1, 1, 0, 0}, {2, 4});
  const auto seed = Tensor<double>::full({2, 8}, 1.0);
  const auto one = shared(ids, mask).pooler_output, each = apart(ids, mask).pooler_output;
  CHECK(one.value().to_vector() == each.value().to_vector());
  one.backward(seed);
  each.backward(seed);
  std::map<std::string, Tensor<double>> sums;
  for (const auto& [name, variable] : apart.named_parameters()) {
    std::string key = name;
    if (const std::size_t at = key.find("albert_layer_groups."); at != std::string::npos)
      key.replace(at, shared_part.size(), shared_part);
    const auto [sum, is_new] = sums.emplace(key, variable.grad().clone());
    for (Index i = 0; !is_new && i < variable.numel(); ++i) sum->second.data()[i] += variable.grad().data()[i];
  }
  for (const auto& [name, variable] : shared.named_parameters()) {
    INFO(name);
    if (!name.ends_with("key.bias")) CHECK(difference(variable.grad(), sums.at(name)) < 1e-11);
  }
}

TEST_CASE("shared layers: interrupted after any step, a training ends with the same bits", "[train]") {
  const auto whole = train(0, {});
  for (const Index stop : {1, 3, 5, 8}) {
    const TemporaryFolder folder;
    std::ostringstream log;
    train(stop, {.folder = folder.path().string(), .log = &log});
    CHECK(train(0, {.folder = folder.path().string(), .resume = true, .log = &log}) == whole);
    CHECK(log.str().find(concat("checkpoint-", stop)) != std::string::npos);
  }
}

TEST_CASE("shared layers: a configuration that has changed is named when a training is resumed", "[train]") {
  const TemporaryFolder folder;
  std::ostringstream log;
  train(3, {.folder = folder.path().string(), .log = &log});
  AlbertConfig other = small_config();
  other.num_hidden_layers = 6;
  const std::string text =
      thrown<ConfigError>([&] { train(0, {.folder = folder.path().string(), .resume = true, .log = &log}, other); });
  CHECK(text.find("model num_hidden_layers") != std::string::npos);
}

}  // namespace shared_layers_test
