// Models that give one answer to everything.
#include <tempa/metrics/sole_prediction.hpp>

#include <vector>

#include "support/catch.hpp"
#include "support/thrown.hpp"

namespace sole_prediction_test {

using namespace tempa;

namespace {

using Classes = std::vector<std::int32_t>;

std::optional<Index> sole(const Classes& labels, const Classes& predictions) {
  ConfusionMatrix confusion(3);
  confusion.add(labels, predictions);
  return sole_prediction(confusion);
}

}  // namespace

TEST_CASE("Sole prediction: one class for all, although they are of several", "[metrics]") {
  CHECK(sole({0, 1, 2, 1}, {1, 1, 1, 1}) == 1);
  CHECK(sole({0, 0, 2}, {1, 1, 1}) == 1);  // also one that is none of theirs
  CHECK_FALSE(sole({0, 1, 2, 1}, {1, 1, 1, 0}));
  CHECK_FALSE(sole({1, 1, 1}, {1, 1, 1}));  // what is right is no fault
  CHECK_FALSE(sole({1, 1, 1}, {0, 0, 0}));
  CHECK_FALSE(sole({}, {}));
}

TEST_CASE("Sole prediction: the same labels for every row, although the rows differ", "[metrics]") {
  const auto targets = Tensor<float>::from({1, 0, 0, 1, 1, 1}).reshape({3, 2});
  const auto of = [](std::vector<float> values) { return Tensor<float>::from(values).reshape({3, 2}); };
  CHECK(sole_prediction(targets, of({0, 0, 0, 0, 0, 0})) == std::vector<Index>{});
  CHECK(sole_prediction(targets, of({0, 1, 0, 1, 0, 1})) == std::vector<Index>{1});
  CHECK_FALSE(sole_prediction(targets, of({0, 1, 0, 1, 1, 1})));
  CHECK_FALSE(sole_prediction(of({1, 1, 1, 1, 1, 1}), of({1, 1, 1, 1, 1, 1})));
  CHECK_THROWS_AS(sole_prediction(targets, Tensor<float>::zeros({2, 2})), ShapeError);
}

}  // namespace sole_prediction_test
