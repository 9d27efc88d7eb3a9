#include <tempa/metrics/accuracy.hpp>
#include <tempa/metrics/confusion_matrix.hpp>

#include "metrics/metrics_fixture.hpp"
#include "support/catch.hpp"

namespace confusion_matrix_test {

using namespace tempa;
using Classes = std::vector<std::int32_t>;

TEST_CASE("ConfusionMatrix and accuracy equal scikit-learn's", "[metrics][scikit-learn]") {
  const auto cases = metrics_cases("single");
  REQUIRE(cases.size() >= 60);
  for (const auto& c : cases) {
    const Classes labels = classes_of(c.at("y")), predictions = classes_of(c.at("p"));
    const ConfusionMatrix matrix = confusion_matrix(labels, predictions, c.at("k"));
    CHECK(matrix.to_tensor().to_vector() == c.at("confusion").get<std::vector<std::int64_t>>());
    CHECK(matrix.total() == static_cast<Index>(labels.size()));
    CHECK(accuracy(labels, predictions) == c.at("accuracy").get<double>());
    CHECK(accuracy(matrix) == c.at("accuracy").get<double>());
  }
}

TEST_CASE("ConfusionMatrix: batches and matrices add up", "[metrics]") {
  ConfusionMatrix whole(3), half(3);
  whole.add(Classes{0, 1, 2, 2}, Classes{0, 2, 2, 1});
  half.add(Classes{1}, Classes{1});
  whole += half;
  CHECK(whole.total() == 5);
  CHECK(whole.correct() == 3);
  CHECK(whole(1, 2) == 1);
  CHECK(whole.support(1) == 2);
  CHECK(whole.predicted(2) == 2);
  CHECK(whole.to_tensor().shape() == Shape{3, 3});
  CHECK(whole.present_classes() == std::vector<Index>{0, 1, 2});
  CHECK(half.present_classes() == std::vector<Index>{1});
}

TEST_CASE("ConfusionMatrix: what it cannot count is a typed error, and leaves it as it was", "[metrics]") {
  CHECK_THROWS_AS(ConfusionMatrix(0), ValueError);
  ConfusionMatrix matrix(3);
  matrix.add(Classes{0}, Classes{0});
  CHECK_THROWS_WITH(matrix.add(Classes{0, 3}, Classes{0, 0}),
                    "[ConfusionMatrix] expected classes from 0 to 2 but label 1 is 3");
  CHECK_THROWS_WITH(matrix.add(Classes{0, 0}, Classes{0, -1}),
                    "[ConfusionMatrix] expected classes from 0 to 2 but prediction 1 is -1");
  CHECK_THROWS_AS(matrix.add(Classes{0, 3}, Classes{0, 0}), ValueError);
  CHECK_THROWS_AS(matrix.add(Classes{0, 0}, Classes{0}), ShapeError);
  CHECK_THROWS_AS(matrix += ConfusionMatrix(2), ShapeError);
  CHECK_THROWS_AS(matrix(3, 0), ValueError);
  CHECK_THROWS_AS(matrix(0, -1), ValueError);
  CHECK_THROWS_AS(matrix.support(3), ValueError);
  CHECK_THROWS_AS(matrix.predicted(-1), ValueError);
  CHECK(matrix.total() == 1);
}

TEST_CASE("accuracy: nothing, or sizes that differ, are typed errors", "[metrics]") {
  CHECK_THROWS_AS(accuracy(Classes{}, Classes{}), ValueError);
  CHECK_THROWS_AS(accuracy(Classes{1}, Classes{}), ShapeError);
  CHECK_THROWS_AS(accuracy(ConfusionMatrix(2)), ValueError);
  CHECK_THROWS_AS(accuracy(Tensor<float>(Shape{0, 2}), Tensor<float>(Shape{0, 2})), ValueError);
}

}  // namespace confusion_matrix_test
