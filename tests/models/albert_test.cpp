// ALBERT computes what transformers computes, forward, backward and over steps of AdamW.
#include <tempa/autograd/gradcheck.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/optim/adamw.hpp>

#include "models/albert_fixture.hpp"
#include "support/catch.hpp"
#include "support/difference.hpp"

#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

namespace albert_test {

using namespace tempa;

namespace {

/// The logits of all columns side by side, in double.
template <Real T>
Tensor<double> all_logits(const Variable<T>& logits) {
  return logits.value().template cast<double>();
}
template <Real T>
Tensor<double> all_logits(const std::vector<Variable<T>>& columns) {
  std::vector<double> all;
  for (Index row = 0; row < columns.front().size(0); ++row)
    for (const Variable<T>& column : columns)
      for (const T value : column.value().rows(row, row + 1).span()) all.push_back(static_cast<double>(value));
  return Tensor<double>::from(all);
}

/// A key's bias shifts all scores of a row alike: its gradient is zero but for rounding, and AdamW makes steps of
/// any size of it.
bool is_rounding(const std::string& name) { return name.ends_with("key.bias"); }

// As in bert_test.cpp: roundings of some 100 terms and 50 operations in a row.
template <typename T>
constexpr double kBound = std::is_same_v<T, double> ? 1e-11 : 1e-5;

/// Five steps of AdamW. In float the weights are further from transformers' in double than the losses: the step that
/// AdamW makes of a small gradient, up to 0.01, depends on its rounding.
template <typename Model>
void train_like_the_fixture(const AlbertFixture& fixture, const std::string& name, double loss_bound,
                            double weight_bound) {
  auto model = fixture.model<Model>(name);
  const auto batch = fixture.batch(model, name);
  AdamW optimizer(model.named_parameters(), {.lr = 1e-2, .weight_decay = 0.01});
  const auto losses = fixture.tensors.get<double>(name + ".losses");
  for (Index step = 0; step < losses.numel(); ++step) {
    const auto loss = model(batch).loss;
    CHECK(std::abs(static_cast<double>(loss.item()) - losses.data()[step]) < loss_bound * losses.data()[step]);
    loss.backward();
    optimizer.step();
  }
  fixture.for_each_parameter(model, name + ".trained", [&](auto& parameter, const Tensor<double>& expected) {
    INFO(parameter.name);
    if (!is_rounding(parameter.name))
      CHECK(difference(parameter.variable.value().template cast<double>(), expected) < 0x1p-24 + weight_bound);
  });
}

template <template <typename> typename Head>
void check_head(const std::string& name) {
  const AlbertFixture fixture;
  const auto check = [&]<Real T>(T) {
    auto model = fixture.model<Head<WithAlbert<T>>>(name);
    std::vector<std::string> names;
    fixture.for_each_parameter(model, name + ".weights", [&](auto& p, const auto&) { names.push_back(p.name); });
    CHECK(names == require<std::vector<std::string>>(fixture.names, name));
    const auto output = model(fixture.batch(model, name));
    CHECK(difference(all_logits(output.logits), fixture.tensors.get<double>(name + ".logits")) < kBound<T>);
    CHECK(std::abs(static_cast<double>(output.loss.item()) - fixture.tensors.get<double>(name + ".losses").data()[0]) <
          kBound<T> * 3);
  };
  check(0.0F);
  check(0.0);

  auto model = fixture.model<Head<WithAlbert<double>>>(name);
  model(fixture.batch(model, name)).loss.backward();
  fixture.for_each_parameter(model, name + ".grad", [](auto& parameter, const Tensor<double>& expected) {
    INFO(parameter.name);
    if (is_rounding(parameter.name)) {
      for (const double g : parameter.variable.grad().span()) CHECK(std::abs(g) < 1e-14);
    } else {
      CHECK(difference(parameter.variable.grad(), expected) < 0x1p-24 + kBound<double>);  // stored as float32
    }
  });

  train_like_the_fixture<Head<WithAlbert<double>>>(fixture, name, 1e-8, 1e-8);
  train_like_the_fixture<Head<WithAlbert<float>>>(fixture, name, 1e-5, 1e-3);
}

}  // namespace

TEST_CASE("ALBERT: names, logits, loss, gradients and five steps of a sequence classifier are transformers'",
          "[models]") {
  check_head<SequenceClassification>("sequence");
}
TEST_CASE("ALBERT: names, logits, loss, gradients and five steps of a token classifier are transformers'", "[models]") {
  check_head<TokenClassification>("token");
}
TEST_CASE("ALBERT: names, logits, loss, gradients and five steps of a masked language model are transformers'",
          "[models]") {
  check_head<MaskedLM>("masked");
}
TEST_CASE("ALBERT: names, logits, loss, gradients and five steps of a classifier of columns are PyTorch's",
          "[models]") {
  check_head<LabelColumnsClassification>("columns");
}

TEST_CASE("ALBERT: the whole model passes gradcheck in double, with dropout too", "[models]") {
  AlbertFixture fixture;
  fixture.config.hidden_dropout_prob = fixture.config.attention_probs_dropout_prob = 0.2;
  for (const bool training : {false, true}) {
    auto model = fixture.model<AlbertForSequenceClassification<double>>("sequence");
    model.train(training);
    const auto batch = fixture.batch(model, "sequence");
    const auto loss = [&](const auto&) {
      manual_seed(5);
      return model(batch).loss;
    };
    const GradcheckResult result = gradcheck(
        loss, model.parameters(), {.step = 1e-6, .max_elements = 6});  // ten times one weight: a large third derivative
    INFO(result.message);
    CHECK(result.passed);
  }
}

TEST_CASE("ALBERT: dropout is switched by training and evaluation, and drops nothing after the feed-forward network",
          "[models]") {
  AlbertFixture fixture;
  fixture.config.hidden_dropout_prob = 0.5;
  auto model = fixture.model<AlbertForSequenceClassification<float>>("sequence");
  const auto batch = fixture.batch(model, "sequence");
  const auto logits = [&] { return model(batch).logits.value().to_vector(); };
  manual_seed(1);
  CHECK(logits() != logits());
  model.eval();
  CHECK(logits() == logits());
  const auto& layer = model.albert.encoder.groups.at(1).layers.at(1).layer;
  CHECK(layer.attention.output.dropout.drop_prob == 0.5);
  CHECK_FALSE(layer.attention.output.dropout.mode);
  CHECK_FALSE(layer.attention.self_attention.mode);
  CHECK(layer.output.dropout.drop_prob == 0.0);
}

TEST_CASE("ALBERT: only the [CLS] rows of the last layer give the same output", "[models]") {
  const AlbertFixture fixture;
  auto model = fixture.model<AlbertForSequenceClassification<double>>("sequence");
  const auto batch = fixture.batch(model, "sequence");
  const auto all = model.albert(batch), first = model.albert(batch, OutputRows::kFirstToken);
  CHECK(first.last_hidden_state.shape() == Shape{4, 6});
  CHECK(difference(first.pooler_output.value(), all.pooler_output.value()) < kBound<double>);
  const auto padded =
      model(fixture.tensors.get<std::int32_t>("ids"), fixture.tensors.get<std::int32_t>("attention_mask"),
            fixture.tensors.get<std::int32_t>("token_type_ids"));
  CHECK(padded.logits.value().to_vector() == model(batch).logits.value().to_vector());
}

TEMPLATE_TEST_CASE("ALBERT: a training's bits do not depend on the number of threads", "[models]", float, bfloat16) {
  const auto weights = [](int threads) {
    set_num_threads(threads);
    manual_seed(7);
    const AlbertFixture fixture;
    AlbertForMaskedLM<TestType> model(fixture.config);
    AdamW optimizer(model.named_parameters(), {.lr = 1e-3});
    for (int step = 0; step < 10; ++step) {
      model(fixture.batch(model, "masked")).loss.backward();
      optimizer.step();
    }
    std::vector<float> all;
    for (const auto& parameter : model.parameters()) {
      const std::vector<float> values = parameter.value().template cast<float>().to_vector();
      all.insert(all.end(), values.begin(), values.end());
    }
    return all;
  };
  const int before = num_threads();
  const auto one = weights(1), two = weights(2);
  set_num_threads(before);
  CHECK(one == two);
}

}  // namespace albert_test
