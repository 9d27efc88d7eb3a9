#include "ops/matmul_cases.hpp"

#include "support/catch.hpp"

namespace matmul_test {

TEST_CASE("Matrix products: values, gradients, sizes, errors and threads", "[ops]") {
  matmul_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

}  // namespace matmul_test
