
#include "ops/reduction_cases.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <limits>

namespace reduction_test {

using namespace tempa;

TEST_CASE("Reductions: values, gradients, sizes, errors and threads", "[ops]") {
  reduction_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Reductions of no elements: the sum is zero and the mean is NaN", "[ops]") {
  const Variable<float> x(Tensor<float>(Shape{2, 0, 3}), true);
  CHECK(sum(x).item() == 0);
  CHECK(sum(x, 1).value().to_vector() == std::vector<float>(6, 0.0f));
  CHECK(std::isnan(mean(x).item()));
  sum(x).backward();
  CHECK(x.grad().shape() == x.shape());
}

TEST_CASE("A long sum errs no more than sums of blocks may", "[ops]") {
  constexpr Index kCount = Index{1} << 20, kBlock = 4096;
  const double exact = static_cast<double>(0.1f) * kCount;
  const double actual = static_cast<double>(sum(Variable<float>(Tensor<float>::full({kCount}, 0.1f))).item());
  const double rounding = static_cast<double>(std::numeric_limits<float>::epsilon()) / 2;
  CHECK(std::abs(actual - exact) <= (kBlock + kCount / kBlock) * rounding * exact);
}

TEST_CASE("The maximum: the first of equals gets the gradient, and a NaN wins", "[ops]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Variable<float> x(Tensor<float>::from({1, 5, 5, 2, nan, 7}, {2, 3}), true);
  const auto y = max(x, 1);
  CHECK(y.value().data()[0] == 5);
  CHECK(std::isnan(y.value().data()[1]));
  CHECK(argmax(x.value()).to_vector() == std::vector<std::int64_t>{1, 1});
  CHECK(argmax(x.value(), 0).to_vector() == std::vector<std::int64_t>{1, 1, 1});
  y.backward(Tensor<float>::from({2, 3}));
  CHECK(x.grad().to_vector() == std::vector<float>{0, 2, 0, 0, 3, 0});
}

}  // namespace reduction_test
