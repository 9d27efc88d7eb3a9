#include "ops/shape_cases.hpp"

#include "support/catch.hpp"

TEST_CASE("Moving elements: values, gradients, sizes, errors and threads", "[ops]") {
  shape_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}
