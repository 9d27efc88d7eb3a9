#include "ops/matmul_cases.hpp"

#include "support/catch.hpp"

#include <tempa/ops/reduction.hpp>

#include <array>

namespace matmul_test {

TEST_CASE("Matrix products: values, gradients, sizes, errors and threads", "[ops]") {
  matmul_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Matrix products of empty matrices are zeros or empty, and so are their gradients", "[ops]") {
  using namespace tempa;
  for (const auto& [m, n, k] : {std::array<Index, 3>{3, 4, 0}, {3, 0, 4}, {0, 3, 4}}) {
    const Variable<float> a(Tensor<float>::full({2, m, k}, 1.0f), true), b(Tensor<float>::full({2, k, n}, 1.0f), true);
    const auto c = matmul(a, b);
    CHECK(c.shape() == Shape{2, m, n});
    for (const float value : c.value().to_vector()) CHECK(value == 0.0f);
    sum(c).backward();
    for (const auto& x : {a, b})
      for (const float value : x.grad().to_vector()) CHECK(value == 0.0f);
  }
}

}  // namespace matmul_test
