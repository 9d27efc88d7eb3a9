#include "ops/reduction_cases.hpp"

#include "support/catch.hpp"

TEST_CASE("Reductions: values, gradients, sizes, errors and threads", "[ops]") {
  reduction_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}
