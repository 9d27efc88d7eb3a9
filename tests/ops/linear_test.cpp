#include "ops/linear_cases.hpp"

#include "support/catch.hpp"

namespace linear_test {

TEST_CASE("The affine map: values, gradients, sizes, errors and threads", "[ops]") {
  linear_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

}  // namespace linear_test
