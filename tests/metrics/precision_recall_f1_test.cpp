#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/precision_recall_f1.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"

namespace precision_recall_f1_test {

using namespace tempa;
using Classes = std::vector<std::int32_t>;

namespace {

void check_scores(const nlohmann::json& expected, const Scores& scores) {
  CHECK(same_number(scores.precision, number_of(expected.at(0))));
  CHECK(same_number(scores.recall, number_of(expected.at(1))));
  CHECK(same_number(scores.f1, number_of(expected.at(2))));
}

void check_case(const nlohmann::json& c, const PrecisionRecallF1& scores) {
  CAPTURE(c.dump());
  REQUIRE(scores.per_class.size() == c.at("per_class").size());
  Index support = 0;
  for (std::size_t i = 0; i < scores.per_class.size(); ++i) {
    check_scores(c.at("per_class").at(i), scores.per_class[i]);
    CHECK(scores.per_class[i].support == c.at("per_class").at(i).at(3).get<Index>());
    support += scores.per_class[i].support;
  }
  check_scores(c.at("micro"), scores.micro);
  check_scores(c.at("macro"), scores.macro);
  check_scores(c.at("weighted"), scores.weighted);
  CHECK(scores.macro.support == support);
}

}  // namespace

TEST_CASE("precision_recall_f1 equals scikit-learn to the last bit, absent classes and zero_division included",
          "[metrics][scikit-learn]") {
  for (const auto& c : metrics_cases("single")) {
    const ConfusionMatrix matrix = confusion_matrix(classes_of(c.at("y")), classes_of(c.at("p")), c.at("k"));
    const bool present = c.at("present");
    check_case(c, precision_recall_f1(matrix, {.zero_division = number_of(c.at("zero_division")),
                                               .classes = present ? matrix.present_classes() : std::vector<Index>{}}));
  }
}

TEST_CASE("precision_recall_f1 of several labels equals scikit-learn to the last bit", "[metrics][scikit-learn]") {
  const auto cases = metrics_cases("multi");
  REQUIRE(cases.size() == 36);
  for (const auto& c : cases) {
    const Tensor<float> targets = indicators_of(c.at("y")), predictions = indicators_of(c.at("p"));
    const PrecisionRecallF1 scores = precision_recall_f1(
        targets, predictions,
        {.zero_division = number_of(c.at("zero_division")), .classes = c.at("classes").get<std::vector<Index>>()});
    check_case(c, scores);
    REQUIRE(scores.samples.has_value());
    check_scores(c.at("samples"), *scores.samples);
    CHECK(accuracy(targets, predictions) == c.at("accuracy").get<double>());
  }
}

TEST_CASE("precision_recall_f1 says where a score is undefined", "[metrics]") {
  const Classes labels{0, 0, 1, 1}, predictions{0, 2, 0, 0};
  CHECK(precision_recall_f1(labels, predictions, 4).warning ==
        "precision is undefined for classes 1, 3 (never predicted); recall is undefined for classes 2, 3 (never true)");
  CHECK(precision_recall_f1(labels, predictions, 4, {.classes = {1}}).warning ==
        "precision is undefined for class 1 (never predicted)");
  CHECK(precision_recall_f1(labels, labels, 2).warning.empty());
}

TEST_CASE("precision_recall_f1: impossible options and inputs are typed errors", "[metrics]") {
  const Classes labels{0, 1}, predictions{1, 1};
  CHECK_THROWS_AS(precision_recall_f1(labels, predictions, 2, {.zero_division = 0.5}), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(labels, predictions, 2, {.classes = {2}}), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(labels, predictions, 2, {.classes = {-1}}), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(labels, predictions, 2, {.classes = {0, 0}}), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(labels, predictions, 1), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(labels, Classes{0}, 2), ShapeError);

  const auto table = Tensor<float>::from({1.0F, 0.0F}, {1, 2});
  CHECK_THROWS_AS(precision_recall_f1(table, Tensor<float>::from({1.0F, 0.5F}, {1, 2})), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(Tensor<float>::from({1.0F, std::nanf("")}, {1, 2}), table), ValueError);
  CHECK_THROWS_AS(precision_recall_f1(table, Tensor<float>::zeros({2, 1})), ShapeError);
  CHECK_THROWS_AS(precision_recall_f1(Tensor<float>::zeros({2}), Tensor<float>::zeros({2})), ShapeError);
  CHECK_THROWS_AS(precision_recall_f1(table, table, {.classes = {2}}), ValueError);
}

TEST_CASE("indicators: a score of at least the threshold is a label", "[metrics]") {
  const auto scores = Tensor<float>::from({0.5F, 0.49F, 0.9F, -1.0F}, {2, 2});
  CHECK(indicators(scores).to_vector() == std::vector<float>{1, 0, 1, 0});
  CHECK(indicators(scores, -1.0F).to_vector() == std::vector<float>{1, 1, 1, 1});
}

}  // namespace precision_recall_f1_test
