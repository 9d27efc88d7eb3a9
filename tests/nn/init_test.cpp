// Starting values, and putting them off while a checkpoint is loaded.
#include <tempa/nn/embedding.hpp>
#include <tempa/nn/init.hpp>
#include <tempa/nn/linear.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <thread>
#include <vector>

namespace init_test {

using namespace tempa;

namespace {

std::vector<float> values(const Variable<float>& parameter) { return parameter.value().to_vector(); }

}  // namespace

TEST_CASE("Init: parameters have the distribution that is asked for, and the same values for the same seed", "[nn]") {
  Generator first(5), second(5);
  const auto normal = values(normal_parameter<float>({100, 100}, 0.5, first));
  CHECK(normal == values(normal_parameter<float>({100, 100}, 0.5, second)));
  double sum = 0, squares = 0;
  for (const float value : normal) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  CHECK(std::abs(sum / 1e4) < 5 * 0.5 / 100);                                // five deviations of the mean
  CHECK(std::abs(std::sqrt(squares / 1e4) / 0.5 - 1) < 5 / std::sqrt(2e4));  // and of the deviation
  const auto uniform = values(uniform_parameter<float>({100, 100}, 0.25, first));
  CHECK(*std::min_element(uniform.begin(), uniform.end()) < -0.24F);
  CHECK(*std::max_element(uniform.begin(), uniform.end()) > 0.24F);
  CHECK(std::all_of(uniform.begin(), uniform.end(), [](float value) { return std::abs(value) <= 0.25F; }));
  CHECK(values(constant_parameter<float>({3}, 1.5)) == std::vector<float>{1.5F, 1.5F, 1.5F});
  CHECK(constant_parameter<float>({3}, 1.5).requires_grad());
}

TEST_CASE("Init: what is put off is drawn later, in the order of making, for the parameters that are named", "[nn]") {
  manual_seed(9);
  const Linear<float> now(4, 3);
  manual_seed(9);
  const DeferredInit init;
  const Linear<float> loaded(50, 50), later(4, 3);
  CHECK(loaded.weight.shape() == Shape{50, 50});
  init.draw({later.weight.node().get(), later.bias.node().get()});
  CHECK(values(later.weight) == values(now.weight));  // nothing was drawn for the other
  CHECK(values(later.bias) == values(now.bias));
}

TEST_CASE("Init: a table that is drawn later has its padding row of zeros", "[nn]") {
  const DeferredInit init;
  const Embedding<float> table(5, 4, {.padding_idx = 2});
  init.draw({table.weight.node().get()});
  CHECK(table.weight.value().rows(2, 3).to_vector() == std::vector<float>(4, 0.0F));
  CHECK(table.weight.value().rows(1, 2).to_vector() != std::vector<float>(4, 0.0F));
}

TEST_CASE("Init: putting off is for one thread and ends with the object, also when they are nested", "[nn]") {
  const auto is_one = [](const Variable<float>& parameter) { return parameter.value().data()[0] == 1.0F; };
  {
    const DeferredInit outer;
    {
      const DeferredInit inner;
      CHECK(DeferredInit::current() == &inner);
    }
    CHECK(DeferredInit::current() == &outer);
    bool drawn = false;
    std::thread([&] { drawn = is_one(constant_parameter<float>({2}, 1.0)); }).join();
    CHECK(drawn);
  }
  CHECK(DeferredInit::current() == nullptr);
  CHECK(is_one(constant_parameter<float>({2}, 1.0)));
}

}  // namespace init_test
