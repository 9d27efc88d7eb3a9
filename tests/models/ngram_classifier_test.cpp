#include <tempa/data/collate.hpp>
#include <tempa/models/ngram_classifier.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace ngram_classifier_test {

using namespace tempa;

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

TEST_CASE("NgramClassifier: logits are the bias and the weights of a tf-idf vector of length one", "[models]") {
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

}  // namespace ngram_classifier_test
