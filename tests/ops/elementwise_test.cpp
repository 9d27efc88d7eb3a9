#include "ops/elementwise_cases.hpp"

#include "support/catch.hpp"

TEST_CASE("Functions of one element: values, gradients, sizes, errors and threads", "[ops]") {
  elementwise_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}
