#include "ops/layer_norm_cases.hpp"

#include "support/catch.hpp"

TEST_CASE("Layer normalisation: values, gradients, sizes, errors and threads", "[ops]") {
  layer_norm_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}
