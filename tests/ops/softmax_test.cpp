#include "ops/softmax_cases.hpp"

#include "support/catch.hpp"

#include <limits>

namespace softmax_test {

using namespace tempa;

TEST_CASE("Softmax and its logarithm: values, gradients, sizes, errors and threads", "[ops]") {
  softmax_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Softmax of huge and of infinitely small logits stays exact", "[ops]") {
  const float infinity = std::numeric_limits<float>::infinity();
  const Variable<float> x(Tensor<float>::from({1e30f, 1e30f, -1e30f, -infinity}, {4}));
  CHECK(softmax(x).value().to_vector() == std::vector<float>{0.5f, 0.5f, 0, 0});
  CHECK(softmax(Variable<float>(x.value().reshape({4, 1})), 0).value().to_vector() == softmax(x).value().to_vector());
  const Variable<float> far(Tensor<float>::from({0, -1000}, {2}));
  CHECK(log_softmax(far).value().to_vector() == std::vector<float>{0, -1000});
}

TEST_CASE("Softmax of no elements has no elements", "[ops]") {
  CHECK(softmax(Variable<float>(Tensor<float>(Shape{3, 0}))).shape() == Shape{3, 0});
  CHECK(log_softmax(Variable<float>(Tensor<float>(Shape{0, 3})), 0).shape() == Shape{0, 3});
}

}  // namespace softmax_test
