#include <tempa/autograd/gradcheck.hpp>
#include <tempa/models/bert/heads.hpp>

#include "models/head_fixture.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <type_traits>

namespace token_classification_test {

using namespace tempa;

namespace {

template <Real T>
BertForTokenClassification<T> tagger(const HeadFixture& fixture) {
  BertConfig config = fixture.config;
  config.id2label = {"B-PER", "I-PER", "B-LOC", "I-LOC", "O"};
  return fixture.prepared<T>(BertForTokenClassification<T>(config), "token");
}

/// The batch with the labels of its tokens.
Batch labeled_batch(const HeadFixture& fixture) {
  Batch batch = fixture.batch();
  const auto labels = fixture.tensors.get<std::int32_t>("token.labels"),
             mask = fixture.tensors.get<std::int32_t>("attention_mask");
  std::vector<std::int32_t> packed;
  for (Index i = 0; i < labels.numel(); ++i)
    if (mask.data()[i] == 1) packed.push_back(labels.data()[i]);
  batch.labels = Tensor<std::int32_t>::from(packed);
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("token classifier: logits and loss equal transformers'", "[models]", float, double) {
  // Roundings of some 100 terms and 30 operations in a row, as in the classifier's test.
  const double bound = std::is_same_v<TestType, double> ? 1e-11 : 1e-5;
  const HeadFixture fixture;
  const auto output = tagger<TestType>(fixture)(labeled_batch(fixture));
  CHECK(output.logits.shape() == Shape{18, 5});
  CHECK(difference(output.logits.value(), fixture.tensors.get<double>("token.logits")) < bound);
  CHECK(difference(output.loss.value(), fixture.tensors.get<double>("token.loss")) < bound);
}

TEST_CASE("token classifier: every gradient equals transformers'", "[models]") {
  const HeadFixture fixture;
  auto model = tagger<double>(fixture);
  model(labeled_batch(fixture)).loss.backward();
  check_gradients(fixture, model, "token");
}

TEST_CASE("token classifier: passes gradcheck in double", "[models]") {
  const HeadFixture fixture;
  auto model = tagger<double>(fixture);
  const auto batch = labeled_batch(fixture);
  const GradcheckResult result =
      gradcheck([&](const auto&) { return model(batch).loss; }, model.parameters(), {.max_elements = 8});
  INFO(result.message);
  CHECK(result.passed);
}

TEST_CASE("token classifier: class weights and label smoothing change the loss", "[models]") {
  const HeadFixture fixture;
  auto model = tagger<double>(fixture);
  const auto batch = labeled_batch(fixture);
  const double plain = model(batch).loss.item();
  model.loss_options = {.class_weights = {1, 1, 1, 1, 1}};
  CHECK(model(batch).loss.item() == Approx(plain).epsilon(1e-14));
  model.loss_options = {.class_weights = {5, 1, 1, 1, 1}};
  CHECK(model(batch).loss.item() != Approx(plain));
  model.loss_options = {.label_smoothing = 0.1};
  CHECK(model(batch).loss.item() != Approx(plain));
}

TEST_CASE("token classifier: has no pooler, and a saved folder opens again with the same logits", "[models]") {
  const HeadFixture fixture;
  auto model = tagger<float>(fixture);
  for (const auto& parameter : model.named_parameters()) CHECK(parameter.name.find("pooler") == std::string::npos);
  const TemporaryFolder folder;
  model.save_pretrained(folder.path());
  LoadReport report;
  auto again = BertForTokenClassification<float>::from_pretrained(folder.path(), {.report = &report});
  CHECK(report.complete());
  CHECK(again.config().id2label == model.config().id2label);
  CHECK(again.config().architectures == std::vector<std::string>{"BertForTokenClassification"});
  const auto batch = fixture.batch();
  const auto output = again(batch);
  CHECK_FALSE(output.loss.defined());
  CHECK(output.logits.value().to_vector() == model(batch).logits.value().to_vector());
}

TEST_CASE("token classifier: labels that do not fit are typed errors", "[models]") {
  const HeadFixture fixture;
  const auto model = tagger<float>(fixture);
  auto batch = labeled_batch(fixture);
  batch.labels.data()[3] = 5;
  CHECK(thrown<ValueError>([&] { model(batch); }) == "[cross_entropy] labels must be in [0,5) but row 3 has 5");
  batch.labels = Tensor<std::int32_t>::zeros({3});
  CHECK(thrown<ShapeError>([&] { model(batch); }) ==
        "[BertForTokenClassification] labels must have shape (18) but has (3)");
}

}  // namespace token_classification_test
