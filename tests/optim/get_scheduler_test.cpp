#include <tempa/optim/lr_scheduler/get_scheduler.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"

#include <string>

namespace get_scheduler_test {

using namespace tempa;

namespace {

struct Fixture {
  ParameterList parameters{Variable<float>(Tensor<float>::zeros({1}), true)};
  SGD optimizer{parameters, {.lr = 1.0}};
};

}  // namespace

TEST_CASE("get_scheduler: every name gives its schedule", "[optim]") {
  const auto rate = [](const std::string& name, Index step) {
    Fixture f;
    return get_scheduler(
               name, f.optimizer,
               {.num_training_steps = 10, .num_warmup_steps = name == "step" ? 0 : 2, .step_size = 3, .gamma = 0.5})
        ->lr_at(step);
  };
  for (const std::string name : {"linear", "cosine", "cosine_with_restarts", "polynomial", "constant"}) {
    CAPTURE(name);
    CHECK(rate(name, 0) == 0.0);
    CHECK(rate(name, 1) == 0.5);
    CHECK(rate(name, 2) == Approx(1.0));
  }
  CHECK(rate("linear", 6) == 0.5);
  CHECK(rate("cosine", 6) == Approx(0.5));
  CHECK(rate("cosine", 4) == Approx(0.8535533905932737));
  CHECK(rate("polynomial", 6) == Approx(0.5).epsilon(1e-6));
  CHECK(rate("cosine_with_restarts", 10) == 0.0);
  CHECK(rate("constant", 9) == 1.0);
  CHECK(rate("step", 2) == 1.0);
  CHECK(rate("step", 7) == 0.25);
}

TEST_CASE("get_scheduler: impossible wishes are refused", "[optim]") {
  Fixture f;
  CHECK_THROWS_AS(get_scheduler("cosin", f.optimizer, {.num_training_steps = 10}), ConfigError);
  CHECK_THROWS_AS(get_scheduler("step", f.optimizer, {.warmup_ratio = 0.1}), ConfigError);
  CHECK_THROWS_AS(get_scheduler("linear", f.optimizer, {}), ConfigError);
  CHECK_THROWS_AS(get_scheduler("linear", f.optimizer, {.num_training_steps = 10, .num_warmup_steps = 11}),
                  ConfigError);
}

}  // namespace get_scheduler_test
