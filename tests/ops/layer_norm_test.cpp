#include "ops/layer_norm_cases.hpp"

#include "support/catch.hpp"

namespace layer_norm_test {

TEST_CASE("Layer normalisation: values, gradients, sizes, errors and threads", "[ops]") {
  layer_norm_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

}  // namespace layer_norm_test
