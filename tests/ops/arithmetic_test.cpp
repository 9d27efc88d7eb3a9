#include "ops/arithmetic_cases.hpp"

#include "support/catch.hpp"

namespace arithmetic_test {

TEST_CASE("Arithmetic with broadcasting: values, gradients, sizes, errors and threads", "[ops]") {
  arithmetic_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

}  // namespace arithmetic_test
