#include "../../examples/smsa_sentiment/teachers/ngram_classifier.hpp"

#include <tempa/data/collate.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace ngram_classifier_test {

using namespace teachers;

namespace {

Batch batch_of(const std::vector<std::vector<std::int32_t>>& texts) {
  std::vector<TextExample> examples;
  for (const auto& ids : texts) {
    examples.emplace_back().encoding.ids = ids;
    examples.back().label = 1;
  }
  return PackedCollate{}(examples);
}

}  // namespace

TEST_CASE("NgramClassifier: logits are the bias and the weights of a tf-idf vector of length one", "[examples]") {
  NgramClassifier model({1, 3, 4}, 2);
  const Batch batch = batch_of({{0, 1, 2}, {0}, {0, 2}});
  CHECK(model(batch).logits.value().to_vector() == std::vector<float>(6, 0.0F));
  CHECK(model(batch).loss.item() == Approx(std::log(2.0)));

  model.weight.weight.mutable_value().copy_from(Tensor<float>::from({1, 2, 10, 20, 100, 200}, {3, 2}));
  const auto output = model(batch);
  const std::vector<float> expected{1 + 6 + 80, 2 + 12 + 160, 1, 2, 101, 202};  // 3/5 and 4/5
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(output.logits.value().data()[i] == Approx(expected[i]));
  output.loss.backward();
  CHECK(model.weight.weight.grad().numel() == 6);

  CHECK_THROWS_AS(model(batch_of({{0, 3}})), ValueError);
  CHECK_THROWS_AS(NgramClassifier({}, 2), ConfigError);
}

TEST_CASE("NgramClassifier: the losses of two batches, by what they weigh, are that of both together", "[examples]") {
  NgramClassifier model({1, 3, 4}, 2);
  model.weight.weight.mutable_value().copy_from(Tensor<float>::from({1, 2, 1, -2, 1, 2}, {3, 2}));
  model.loss_options = {.class_weights = {1, 5}, .label_smoothing = 0.1};
  Batch one = batch_of({{0, 1}, {0, 2}}), other = batch_of({{0}}), both = batch_of({{0, 1}, {0, 2}, {0}});
  one.labels = Tensor<std::int32_t>::from({0, 1});
  both.labels = Tensor<std::int32_t>::from({0, 1, 1});
  CHECK(model.loss_weight(both) == Approx(11));
  CHECK(model(both).loss.item() * 11 == Approx(model(one).loss.item() * 6 + model(other).loss.item() * 5));
}

}  // namespace ngram_classifier_test
