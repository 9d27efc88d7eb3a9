#include "ops/shape_cases.hpp"

#include "support/catch.hpp"

namespace choice_test {

TEST_CASE("Choosing elements: values, gradients, sizes, errors and threads", "[ops]") {
  choice_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

}  // namespace choice_test
