#include <tempa/data/data_loader.hpp>
#include <tempa/data/label_columns.hpp>
#include <tempa/data/token_classification.hpp>
#include <tempa/models/bert/heads.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/train/trainer.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <string>
#include <vector>

namespace score_keeper_of_test {

using namespace tempa;

namespace {

BertConfig small_config(std::vector<std::string> labels) {
  BertConfig config;
  config.vocab_size = 12;
  config.hidden_size = 16;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 32;
  config.max_position_embeddings = 16;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0;
  config.initializer_range = 0.2;
  config.id2label = std::move(labels);
  return config;
}

/// What a model would say that is sure of these classes.
template <typename Logits>
struct Said {
  Logits logits;
};

Variable<float> sure_of(const std::vector<std::int32_t>& classes, Index count) {
  auto logits = Tensor<float>::zeros({static_cast<Index>(classes.size()), count});
  for (std::size_t i = 0; i < classes.size(); ++i) logits.data()[static_cast<Index>(i) * count + classes[i]] = 1;
  return Variable<float>(logits);
}

Batch batch_of(const std::vector<std::int32_t>& bounds, Tensor<std::int32_t> labels) {
  Batch batch;
  batch.ids = Tensor<std::int32_t>::full({bounds.back()}, 5);
  batch.token_type_ids = Tensor<std::int32_t>::zeros({bounds.back()});
  batch.cu_seqlens = Tensor<std::int32_t>::from(bounds);
  batch.labels = std::move(labels);
  return batch;
}

/// Words 6 and 7 are persons, 8 follows inside of one, the rest is nothing.
std::vector<TokenExample> tagged_rows(int count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<TokenExample> rows;
  for (int i = 0; i < count; ++i) {
    TokenExample row;
    row.encoding.ids = {1};
    row.labels = {kNoLabel};
    const auto push = [&](std::int32_t id, std::int32_t label) {
      row.encoding.ids.push_back(id);
      row.labels.push_back(label);
    };
    for (std::int64_t w = 2 + generator.below(4); w > 0; --w) {
      if (generator.uniform() < 0.5) {
        push(9 + static_cast<std::int32_t>(generator.below(3)), 2);
        continue;
      }
      push(6 + static_cast<std::int32_t>(generator.below(2)), 0);
      if (generator.uniform() < 0.5) push(8, 1);
    }
    push(2, kNoLabel);
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

TEST_CASE("score_keeper_of: entities are scored sequence by sequence, tokens without a label left out", "[train]") {
  const BertForTokenClassification<float> model(small_config({"B-PER", "I-PER", "O"}));
  auto keeper = score_keeper_of(model);
  CHECK_THROWS_AS(keeper.scores(), ValueError);
  // PER PER | O (no label) | PER I: the second entity is found too short, the third right.
  const auto labels = Tensor<std::int32_t>::from({0, 1, 2, kNoLabel, 0, 1});
  keeper.add(Said<Variable<float>>{sure_of({0, 1, 2, 0, 0, 2}, 3)}, batch_of({0, 4, 6}, labels),
             {.mean = 0.5, .weight = 5});
  keeper.add(Said<Variable<float>>{sure_of({0}, 3)}, batch_of({0, 1}, Tensor<std::int32_t>::from({0})),
             {.mean = 2.0, .weight = 1});
  const Metrics scores = keeper.scores();
  CHECK(scores["loss"] == Approx((0.5 * 5 + 2.0) / 6));
  CHECK(scores["accuracy"] == Approx(5.0 / 6));
  CHECK(scores["precision_micro"] == Approx(2.0 / 3));
  CHECK(scores["recall_micro"] == Approx(2.0 / 3));
  CHECK(keeper.labels() == std::vector<std::int32_t>{0, 1, 2, 0, 1, 0});
  CHECK(keeper.tokens() == 7);
  CHECK(keeper.metrics().names() == scores.names());
  CHECK(thrown<ValueError>([&] {
          keeper.add(Said<Variable<float>>{sure_of({0, 1}, 3)}, batch_of({0, 2}, Tensor<std::int32_t>::from({0})), {});
        }) == "[evaluate] expected a label for each of 2 tokens but has 1");
}

TEST_CASE("score_keeper_of: tags that mark no entities are classes of words", "[train]") {
  const BertForTokenClassification<float> model(small_config({"NOUN", "VERB"}));
  auto keeper = score_keeper_of(model);
  keeper.add(Said<Variable<float>>{sure_of({0, 1, 1}, 2)}, batch_of({0, 3}, Tensor<std::int32_t>::from({0, 1, 0})), {});
  CHECK(keeper.default_metric() == "f1_macro");
  CHECK(keeper.scores()["f1_macro"] == Approx((2.0 / 3 + 2.0 / 3) / 2));
}

TEST_CASE("score_keeper_of: label columns are scored column by column", "[train]") {
  const std::vector<LabelColumn> columns{{"fuel", {"a", "b"}}, {"price", {"x", "y", "z"}}};
  const BertForLabelColumnsClassification<float> model(small_config({}), columns);
  auto keeper = score_keeper_of(model);
  const Said<std::vector<Variable<float>>> said{{sure_of({0, 1, 1}, 2), sure_of({2, 0, 1}, 3)}};
  keeper.add(said, batch_of({0, 1, 2, 3}, Tensor<std::int32_t>::from({0, 2, 1, 0, 0, 0}, {3, 2})),
             {.mean = 1.5, .weight = 3});
  const Metrics scores = keeper.scores();
  CHECK(scores["loss"] == 1.5);
  CHECK(scores["accuracy"] == Approx(4.0 / 6));
  CHECK(scores["accuracy_rows"] == Approx(2.0 / 3));
  CHECK(scores["f1_macro_fuel"] == Approx((2.0 / 3 + 2.0 / 3) / 2));
  CHECK(scores["f1_macro_price"] == Approx((2.0 / 3 + 0.0 + 1.0) / 3));
  CHECK(scores["f1_macro"] == Approx((scores["f1_macro_fuel"] + scores["f1_macro_price"]) / 2));
  CHECK(keeper.predictions() == std::vector<std::int32_t>{0, 2, 1, 0, 1, 1});
  CHECK(keeper.metrics().names() == scores.names());
  CHECK_THROWS_AS(keeper.add(said, batch_of({0, 1, 2, 3}, Tensor<std::int32_t>::from({0, 1, 1})), {}), ValueError);
}

TEST_CASE("Trainer: a token classifier learns entities and keeps the best by their F1", "[train]") {
  manual_seed(3);
  BertForTokenClassification<float> model(small_config({"B-PER", "I-PER", "O"}));
  const auto rows = tagged_rows(96, 1), others = tagged_rows(32, 2);
  DataLoader loader(rows, {.batch_size = 16, .shuffle = true}, TokenCollate{});
  DataLoader valid(others, {.batch_size = 32}, TokenCollate{});
  AdamW optimizer(model.parameters(), {.lr = 1e-2});
  std::ostringstream log;
  Trainer trainer(model, optimizer, {.epochs = 6, .log = &log, .progress = {.out = nullptr}});
  const auto history = trainer.fit(loader, valid);
  CHECK((*history.back().valid)["f1_micro"] > 0.95);
  const Evaluation evaluation = evaluate(model, valid);
  CHECK(evaluation.scores["f1_micro"] > 0.95);
  CHECK(evaluation.confusion->total() == static_cast<Index>(evaluation.labels.size()));
  CHECK_THROWS_AS((Trainer<BertForTokenClassification<float>>(model, optimizer, {.metric = "mse"})), ConfigError);
}

TEST_CASE("Trainer: a model of label columns learns each column", "[train]") {
  manual_seed(3);
  const std::vector<LabelColumn> columns{{"first", {"low", "high"}}, {"last", {"7", "8", "9"}}};
  BertForLabelColumnsClassification<float> model(small_config({}), columns);
  std::vector<LabelColumnsExample> rows;
  Generator generator(5);
  for (int i = 0; i < 192; ++i) {
    const auto first = static_cast<std::int32_t>(generator.below(2)),
               last = static_cast<std::int32_t>(generator.below(3));
    rows.push_back({.encoding = {{1, 5 + first, 10, 7 + last, 2}, {0, 0, 0, 0, 0}}, .labels = {first, last}});
  }
  DataLoader loader(rows, {.batch_size = 16, .shuffle = true}, LabelColumnsCollate{});
  AdamW optimizer(model.parameters(), {.lr = 5e-3});
  Trainer trainer(model, optimizer,
                  {.epochs = 6, .metric = "f1_macro_last", .log = nullptr, .progress = {.out = nullptr}});
  trainer.fit(loader, loader);
  const Evaluation evaluation = evaluate(model, loader);
  CHECK(evaluation.scores["accuracy_rows"] > 0.95);
  CHECK_FALSE(evaluation.confusion.has_value());
  CHECK(evaluation.labels.size() == 2 * 192);
}

}  // namespace score_keeper_of_test
