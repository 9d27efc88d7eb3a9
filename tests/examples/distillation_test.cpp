#include "../../examples/smsa_sentiment/teachers/distillation.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace distillation_test {

using namespace teachers;
using Catch::Matchers::Contains;

TEST_CASE("Distillation: an ensemble's opinion is the geometric mean of its members' probabilities", "[examples]") {
  // Probabilities (1/2, 1/2) and (1/10, 9/10), whatever is added to the logits: the roots of 1/20 and 9/20, so 1 to 3.
  const std::vector<Tensor<double>> logits{
      Tensor<double>::from({7, 7}, {1, 2}),
      Tensor<double>::from({std::log(0.1) - 3, std::log(0.9) - 3}, {1, 2}),
  };
  const auto together = ensemble_probabilities(std::span<const Tensor<double>>(logits));
  CHECK(together.shape() == Shape{1, 2});
  CHECK(together.data()[0] == Approx(0.25));
  CHECK(together.data()[1] == Approx(0.75));
  const auto alone = ensemble_probabilities(std::span<const Tensor<double>>(logits).subspan(1));
  CHECK(alone.data()[0] == Approx(0.1));

  CHECK_THROWS_AS(ensemble_probabilities(std::span<const Tensor<double>>()), ValueError);
  const std::vector<Tensor<double>> others{logits[0], Tensor<double>::zeros({2, 2})};
  CHECK_THROWS_AS(ensemble_probabilities(std::span<const Tensor<double>>(others)), ShapeError);
}

TEST_CASE("Distillation: labels become targets with weights and smoothing", "[examples]") {
  const std::vector<std::int32_t> labels{1, 0};
  const std::vector<double> weights{2, 0.5};
  const auto targets = soft_labels(labels, 2, weights, 0.5);
  CHECK(targets == std::vector<std::vector<float>>{{0.125F, 0.375F}, {1.5F, 0.5F}});
  CHECK(soft_labels(labels, 2, {}, 0) == std::vector<std::vector<float>>{{0, 1}, {1, 0}});
  CHECK_THROWS_WITH(soft_labels(labels, 1, {}, 0), Contains("labels must be in [0,1) but row 0 has 1"));
}

}  // namespace distillation_test
