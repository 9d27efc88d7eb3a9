#include <tempa/ops/elementwise.hpp>
#include <tempa/ops/gelu.hpp>

#include "ops/elementwise_cases.hpp"

#include "ops/signed_square.hpp"
#include "support/catch.hpp"

namespace elementwise_test {

using namespace tempa;

TEST_CASE("Functions of one element: values, gradients, sizes, errors and threads", "[ops]") {
  elementwise_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("An own formula is an operation with a gradient", "[ops]") {
  const Variable<double> x(Tensor<double>::from({-3, 0, 2}).to(Device::best()), true);
  const auto y = elementwise("signed_square", x, SignedSquare{});
  CHECK(y.value().to_vector() == std::vector<double>{-9, 0, 4});
  y.backward(Tensor<double>::from({1, 1, 10}).to(Device::best()));
  CHECK(x.grad().to_vector() == std::vector<double>{6, 0, 40});
}

TEST_CASE("A cast has the type asked for and sends the gradient back in its own", "[ops]") {
  const Variable<float> x(Tensor<float>::from({0.1f, 3}), true);
  const Variable<double> y = cast<double>(x);
  CHECK(y.value().to_vector() == std::vector<double>{static_cast<double>(0.1f), 3});
  y.backward(Tensor<double>::from({0.25, 1e-3}));
  CHECK(x.grad().to_vector() == std::vector<float>{0.25f, 1e-3f});
  CHECK(cast<float>(x).node() == x.node());
}

TEST_CASE("Functions of one element take tensors without elements", "[ops]") {
  const Variable<float> x(Tensor<float>(Shape{3, 0}), true);
  const auto y = gelu(x);
  CHECK(y.shape() == Shape{3, 0});
  y.backward(Tensor<float>(Shape{3, 0}));
  CHECK(x.grad().shape() == Shape{3, 0});
}

}  // namespace elementwise_test
