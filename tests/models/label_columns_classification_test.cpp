#include <tempa/autograd/gradcheck.hpp>
#include <tempa/models/bert/heads.hpp>

#include "models/head_fixture.hpp"
#include "support/temporary_folder.hpp"
#include "support/thrown.hpp"

#include <type_traits>

namespace multi_label_classification_test {

using namespace tempa;

namespace {

const std::vector<LabelColumn> kColumns{
    {"fuel", {"negative", "neutral", "positive"}}, {"part", {"no", "yes"}}, {"price", {"a", "b", "c", "d=e"}}};

template <Real T>
BertForLabelColumnsClassification<T> classifier(const HeadFixture& fixture) {
  return fixture.prepared<T>(BertForLabelColumnsClassification<T>(fixture.config, kColumns), "columns");
}

Batch labeled_batch(const HeadFixture& fixture) {
  Batch batch = fixture.batch();
  batch.labels = fixture.tensors.get<std::int32_t>("columns.labels").clone();
  return batch;
}

}  // namespace

TEMPLATE_TEST_CASE("label columns: logits and summed loss equal PyTorch's", "[models]", float, double) {
  // Roundings of some 100 terms and 30 operations in a row, as in the classifier's test.
  const double bound = std::is_same_v<TestType, double> ? 1e-11 : 1e-5;
  const HeadFixture fixture;
  const auto output = classifier<TestType>(fixture)(labeled_batch(fixture));
  REQUIRE(output.logits.size() == 3);
  for (std::size_t a = 0; a < 3; ++a) {
    const auto expected = fixture.tensors.get<double>("columns.logits." + std::to_string(a));
    CHECK(output.logits[a].shape() == expected.shape());
    CHECK(difference(output.logits[a].value(), expected) < bound);
  }
  CHECK(difference(output.loss.value(), fixture.tensors.get<double>("columns.loss")) < bound);
}

TEST_CASE("label columns: every gradient equals PyTorch's", "[models]") {
  const HeadFixture fixture;
  auto model = classifier<double>(fixture);
  model(labeled_batch(fixture)).loss.backward();
  check_gradients(fixture, model, "columns");
}

TEST_CASE("label columns: passes gradcheck in double", "[models]") {
  const HeadFixture fixture;
  auto model = classifier<double>(fixture);
  const auto batch = labeled_batch(fixture);
  const GradcheckResult result =
      gradcheck([&](const auto&) { return model(batch).loss; }, model.parameters(), {.max_elements = 8});
  INFO(result.message);
  CHECK(result.passed);
}

TEST_CASE("label columns: names are IndoNLU's, and a saved folder opens again with its columns", "[models]") {
  const HeadFixture fixture;
  auto model = classifier<float>(fixture);
  std::vector<std::string> heads;
  for (const auto& parameter : model.named_parameters())
    if (!parameter.name.starts_with("bert.")) heads.push_back(parameter.name);
  CHECK(heads == std::vector<std::string>{"classifiers.0.weight", "classifiers.0.bias", "classifiers.1.weight",
                                          "classifiers.1.bias", "classifiers.2.weight", "classifiers.2.bias"});
  const TemporaryFolder folder;
  model.save_pretrained(folder.path());
  LoadReport report;
  auto again =
      BertForLabelColumnsClassification<float>::from_pretrained(folder.path(), PretrainedOptions{.report = &report});
  CHECK(report.complete());
  CHECK(again.label_columns == kColumns);
  const auto batch = fixture.batch();
  const auto output = again(batch), before = model(batch);
  CHECK_FALSE(output.loss.defined());
  for (std::size_t a = 0; a < 3; ++a)
    CHECK(output.logits[a].value().to_vector() == before.logits[a].value().to_vector());
}

TEST_CASE("label columns: a pre-trained body gets new heads", "[models]") {
  const HeadFixture fixture;
  auto model = classifier<float>(fixture);
  const TemporaryFolder folder;
  model.save_pretrained(folder.path());
  const std::vector<LabelColumn> others{{"wifi", {"bad", "good"}}};
  LoadReport report;
  const auto again = BertForLabelColumnsClassification<float>::from_pretrained(folder.path(), others,
                                                                               {.log = nullptr, .report = &report});
  CHECK(again.label_columns == others);
  CHECK(again.classifiers.size() == 1);
  CHECK(report.unexpected.size() == 4);
  CHECK(report.missing == std::vector<std::string>{"classifiers.0.weight", "classifiers.0.bias"});
  CHECK(again.bert.pooler.dense.weight.value().to_vector() == model.bert.pooler.dense.weight.value().to_vector());
}

TEST_CASE("label columns: labels and configurations that do not fit are typed errors", "[models]") {
  const HeadFixture fixture;
  const auto model = classifier<float>(fixture);
  auto batch = labeled_batch(fixture);
  batch.labels.data()[1] = 2;  // of a column with two classes
  CHECK(thrown<ValueError>([&] { model(batch); }) == "[cross_entropy] labels must be in [0,2) but row 0 has 2");
  batch.labels = Tensor<std::int32_t>::zeros({3, 2});
  CHECK(thrown<ShapeError>([&] { model(batch); }) ==
        "[BertForLabelColumnsClassification] labels must have shape (3,3) but has (3,2)");
  CHECK(thrown<ConfigError>([&] { BertForLabelColumnsClassification<float>{fixture.config}; }) ==
        "[label_columns_of] expected labels like \"price=positive\" but got \"LABEL_0\"");
}

}  // namespace multi_label_classification_test
