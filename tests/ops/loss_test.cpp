#include "ops/loss_cases.hpp"

#include "support/catch.hpp"

namespace loss_test {

using namespace tempa;

TEST_CASE("Binary cross-entropy of logits: values, gradients, sizes, errors and threads", "[ops]") {
  bce_with_logits_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Squared error: values, gradients, sizes, errors and threads", "[ops]") {
  mse_loss_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Binary cross-entropy of logits: far-off logits give the logit as loss, and gradients of one", "[ops]") {
  const Variable<float> logits(Tensor<float>::from({1e4f, -1e4f, 1e4f, -1e4f}), true);
  const auto losses = bce_with_logits(logits, Tensor<float>::from({0, 1, 1, 0}), {.reduction = Reduction::kNone});
  CHECK(losses.value().to_vector() == std::vector<float>{1e4f, 1e4f, 0, 0});
  losses.backward(Tensor<float>::full({4}, 1.0f));
  CHECK(logits.grad().to_vector() == std::vector<float>{1, -1, 0, 0});
}

TEST_CASE("Squared error: a plain tensor is a target without gradient", "[ops]") {
  const Variable<double> x(Tensor<double>::from({1.0, 4.0}), true);
  const auto loss = mse_loss(x, Tensor<double>::from({3.0, 1.0}));
  CHECK(loss.item() == 6.5);
  loss.backward();
  CHECK(x.grad().to_vector() == std::vector<double>{-2.0, 3.0});
}

}  // namespace loss_test
