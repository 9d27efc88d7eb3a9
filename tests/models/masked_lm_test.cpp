#include <tempa/autograd/gradcheck.hpp>
#include <tempa/io/safetensors/safetensors.hpp>
#include <tempa/models/bert/heads.hpp>

#include "support/catch.hpp"
#include "support/difference.hpp"
#include "support/fixtures.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace masked_lm_test {

using namespace tempa;

namespace {

/// The file of tests/fixtures/models/make_masked_lm.py.
struct Fixture {
  StateDict tensors = load_safetensors(fixture_path("models/masked_lm.safetensors").string());
  BertConfig config{.vocab_size = 29,
                    .hidden_size = 12,
                    .num_hidden_layers = 1,
                    .num_attention_heads = 2,
                    .intermediate_size = 20,
                    .max_position_embeddings = 11};

  template <Real T>
  BertForMaskedLM<T> model() const {
    BertForMaskedLM<T> result(config);
    StateDict weights;
    for (const auto& entry : tensors)
      if (entry.name.starts_with("weights.")) weights.insert(entry.name.substr(8), entry.tensor);
    result.load_state_dict(weights).require_complete("the fixture", "the model");
    result.eval();
    return result;
  }

  MaskedLMBatch batch() const {
    const auto mask = tensors.get<std::int32_t>("attention_mask"), labels = tensors.get<std::int32_t>("labels");
    MaskedLMBatch result{.input = pack_padded(tensors.get<std::int32_t>("ids"), mask), .positions = {}, .targets = {}};
    std::vector<std::int32_t> positions, targets;
    std::int32_t n = 0;
    for (Index i = 0; i < mask.numel(); ++i) {
      if (mask.data()[i] == 0) continue;
      if (labels.data()[i] != -100) {
        positions.push_back(n);
        targets.push_back(labels.data()[i]);
      }
      ++n;
    }
    result.positions = Tensor<std::int32_t>::from(positions);
    result.targets = Tensor<std::int32_t>::from(targets);
    return result;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("masked language model: logits and loss equal transformers'", "[models]", float, double) {
  // Roundings of some 100 terms and 30 operations in a row, as in the classifier's test.
  const double bound = std::is_same_v<TestType, double> ? 1e-11 : 1e-5;
  const Fixture fixture;
  const auto output = fixture.model<TestType>()(fixture.batch());
  CHECK(output.logits.shape() == fixture.tensors.get<double>("logits").shape());
  CHECK(output.loss.shape() == fixture.tensors.get<double>("loss").shape());
  CHECK(difference(output.logits.value(), fixture.tensors.get<double>("logits")) < bound);
  CHECK(difference(output.loss.value(), fixture.tensors.get<double>("loss")) < bound);
}

TEST_CASE("masked language model: every gradient equals transformers', the tied embeddings' too", "[models]") {
  const Fixture fixture;
  auto model = fixture.model<double>();
  model(fixture.batch()).loss.backward();
  for (const auto& parameter : model.named_parameters()) {
    INFO(parameter.name);
    const auto expected = fixture.tensors.get<float>("grad." + parameter.name).cast<double>();
    const auto& actual = parameter.variable.grad();
    REQUIRE(actual.shape() == expected.shape());
    if (parameter.name.ends_with("key.bias")) {
      // It shifts all scores of a row alike: its gradient is zero but for rounding.
      for (const double g : actual.span()) CHECK(std::abs(g) < 1e-14);
    } else {
      CHECK(difference(actual, expected) < 0x1p-24 + 1e-11);  // stored as float32
    }
  }
}

TEST_CASE("masked language model: passes gradcheck in double", "[models]") {
  const Fixture fixture;
  auto model = fixture.model<double>();
  const auto batch = fixture.batch();
  const auto loss = [&](const auto&) { return model(batch).loss; };
  const GradcheckResult result = gradcheck(loss, model.parameters(), {.max_elements = 8});
  INFO(result.message);
  CHECK(result.passed);
}

TEST_CASE("masked language model: its body goes into a classifier by name", "[models]") {
  const Fixture fixture;
  auto language_model = fixture.model<float>();
  BertForSequenceClassification<float> classifier(fixture.config);
  const LoadReport report = classifier.load_state_dict(language_model.state_dict());
  CHECK(report.missing == std::vector<std::string>{"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                                                   "classifier.weight", "classifier.bias"});
  CHECK(report.mismatched.empty());
  CHECK(report.unexpected.size() == 5);  // cls.predictions.*
  CHECK(classifier.bert.embeddings.word_embeddings.weight.value().to_vector() ==
        language_model.bert.embeddings.word_embeddings.weight.value().to_vector());
}

}  // namespace masked_lm_test
