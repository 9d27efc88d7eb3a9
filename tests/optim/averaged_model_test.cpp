// The average goes into the model and out again.
#include <tempa/optim/averaged_model.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace averaged_model_test {

using namespace tempa;

namespace {

Variable<float> parameter(std::vector<float> values) { return Variable<float>(Tensor<float>::from(values), true); }

}  // namespace

TEST_CASE("AveragedModel: the model holds the average while it is applied, and its own weights after", "[optim]") {
  auto w = parameter({2, 4});
  AveragedModel average({w}, {.averaging = Averaging::kEqual});
  average.update();
  w.mutable_value().fill(4);
  average.update();
  const float* const storage = w.value().data();
  {
    const auto applied = average.apply();
    CHECK(w.value().to_vector() == std::vector<float>{3, 4});
    CHECK(average.is_swapped());
    CHECK_THROWS_AS(average.update(), Error);
  }
  CHECK(w.value().to_vector() == std::vector<float>{4, 4});
  CHECK(w.value().data() == storage);  // the elements move, not the tensor: other handles see them
  try {
    const auto applied = average.apply();
    throw std::runtime_error("evaluation failed");
  } catch (const std::runtime_error&) {
    CHECK(w.value().to_vector() == std::vector<float>{4, 4});
  }
  {
    const auto applied = average.apply();
    average.swap();  // undone early: the end of applied does nothing
    CHECK(w.value().to_vector() == std::vector<float>{4, 4});
  }
  CHECK(w.value().to_vector() == std::vector<float>{4, 4});
  average.swap();  // and for good
  CHECK(w.value().to_vector() == std::vector<float>{3, 4});
}

TEST_CASE("AveragedModel: with a warm-up the decay grows from (1+n)/(10+n) to its limit", "[optim]") {
  auto w = parameter({0});
  AveragedModel average({w}, {.decay = 0.25, .warm_up = true});
  average.update();
  float expected = 0;
  for (int n = 1; n <= 5; ++n) {
    w.mutable_value().fill(static_cast<float>(n));
    average.update();
    const double decay = std::min(0.25, (1.0 + n) / (10.0 + n));
    expected += static_cast<float>(1 - decay) * (static_cast<float>(n) - expected);
    // Four roundings in each of at most 5 updates, on values up to 5; a fused multiply-add saves one.
    CHECK(std::abs(average.average<float>(0).item() - expected) <= 20 * 5 * 0x1p-24f);
  }
}

TEST_CASE("AveragedModel: no average, a decay outside of 0 to 1", "[optim]") {
  AveragedModel average({parameter({1})});
  CHECK_THROWS_AS(average.swap(), Error);
  CHECK_THROWS_AS(average.apply(), Error);
  CHECK(average.num_updates() == 0);
  CHECK_THROWS_AS(AveragedModel({parameter({1})}, {.decay = 1.5}), ConfigError);
  CHECK_THROWS_AS(AveragedModel({parameter({1})}, {.decay = -0.1}), ConfigError);
}

}  // namespace averaged_model_test
