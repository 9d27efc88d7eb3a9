// Which layer a parameter belongs to, and the rates of the groups.
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/layerwise_lr.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <string>

namespace layerwise_lr_test {

using namespace tempa;

TEST_CASE("transformer_layer: embeddings, layers and what is above them", "[optim]") {
  const std::map<std::string, std::optional<Index>> cases{
      {"bert.embeddings.word_embeddings.weight", -1},
      {"embeddings.LayerNorm.bias", -1},
      {"bert.encoder.layer.0.attention.self.query.weight", 0},
      {"encoder.layer.11.output.dense.bias", 11},
      {"albert.encoder.embedding_hidden_mapping_in.weight", -1},
      {"albert.encoder.albert_layer_groups.1.albert_layers.0.full_layer_layer_norm.bias", 1},
      {"bert.pooler.dense.weight", std::nullopt},
      {"classifier.weight", std::nullopt},
      {"layer", std::nullopt},
      {"layer.", std::nullopt},
      {"layer.x.weight", std::nullopt},
      {"layer.1a.weight", std::nullopt},
      {"layer_norm.0.weight", std::nullopt},
      {"head.layer.norm.layer.2", 2},
      {"", std::nullopt},
  };
  for (const auto& [name, layer] : cases) {
    INFO(name);
    CHECK(transformer_layer(name) == layer);
  }
}

TEST_CASE("layerwise_lr_groups: every parameter of a model has the rate of its layer, once", "[optim]") {
  BertConfig config;
  config.vocab_size = 12;
  config.hidden_size = 8;
  config.num_hidden_layers = 3;
  config.num_attention_heads = 2;
  config.intermediate_size = 10;
  BertForSequenceClassification<float> model(config);
  const auto groups = layerwise_lr_groups(model.named_parameters(), AdamWOptions{.lr = 1e-3, .weight_decay = 0.1}, 0.5);
  CHECK(groups.size() == 10);  // embeddings, three layers, the head: each with and without weight decay
  std::map<std::string, AdamWOptions> found;
  for (const auto& group : groups)
    for (const auto& parameter : group.parameters) CHECK(found.emplace(parameter.name, group.options).second);
  CHECK(found.size() == model.named_parameters().size());
  const std::map<std::string, double> rates{{"bert.embeddings.position_embeddings.weight", 1e-3 / 16},
                                            {"bert.encoder.layer.0.intermediate.dense.weight", 1e-3 / 8},
                                            {"bert.encoder.layer.1.output.LayerNorm.weight", 1e-3 / 4},
                                            {"bert.encoder.layer.2.attention.self.key.bias", 1e-3 / 2},
                                            {"bert.pooler.dense.weight", 1e-3},
                                            {"classifier.bias", 1e-3}};
  for (const auto& [name, rate] : rates) {
    INFO(name);
    CHECK(found.at(name).lr == rate);  // powers of two: exact
    CHECK(found.at(name).weight_decay == (is_bias_or_norm(name) ? 0.0 : 0.1));
  }
  AdamW optimizer(groups);
  CHECK(optimizer.parameters().size() == found.size());
}

TEST_CASE("layerwise_lr_groups: without layers there is one rate, and mistakes are told", "[optim]") {
  const Variable<float> w(Tensor<float>::zeros({2}), true);
  const auto groups = layerwise_lr_groups({{"weight", w}}, SGDOptions{.lr = 0.25}, 0.5);
  REQUIRE(groups.size() == 1);
  CHECK(groups[0].options.lr == 0.25);
  for (const double decay : {0.0, -1.0, std::nan(""), HUGE_VAL})
    CHECK(thrown<ConfigError>([&] {
            layerwise_lr_groups({{"weight", w}}, SGDOptions{}, decay);
          }).find("decay must be positive and finite") != std::string::npos);
  CHECK(thrown<ConfigError>([&] { layerwise_lr_groups({w}, SGDOptions{}, 0.5); }).find("has no name") !=
        std::string::npos);
}

}  // namespace layerwise_lr_test
