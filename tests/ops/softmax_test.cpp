#include "ops/softmax_cases.hpp"

#include "support/catch.hpp"

TEST_CASE("Softmax and its logarithm: values, gradients, sizes, errors and threads", "[ops]") {
  softmax_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}
