#include "ops/loss_cases.hpp"

#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/difference.hpp"

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

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
  for (const Device device : devices()) {
    INFO(device);
    const Variable<float> logits(Tensor<float>::from({1e4f, -1e4f, 1e4f, -1e4f}).to(device), true);
    const auto losses =
        bce_with_logits(logits, Tensor<float>::from({0, 1, 1, 0}).to(device), {.reduction = Reduction::kNone});
    CHECK(losses.value().to_vector() == std::vector<float>{1e4f, 1e4f, 0, 0});
    losses.backward(Tensor<float>::full({4}, 1.0f, device), {.retain_graph = true});
    CHECK(logits.grad().to_vector() == std::vector<float>{1, -1, 0, 0});
    // An infinite gradient, as of a loss scale that is too large, does not go unseen where that of the loss is 0.
    logits.clear_grad();
    const float infinity = std::numeric_limits<float>::infinity();
    losses.backward(Tensor<float>::full({4}, infinity, device));
    const auto gradient = logits.grad().to_vector();
    CHECK(gradient[0] == infinity);
    CHECK(gradient[1] == -infinity);
    CHECK(std::isnan(gradient[2]));
    CHECK(std::isnan(gradient[3]));
  }
}

TEMPLATE_TEST_CASE("Binary cross-entropy of logits: 16-bit logits give a loss in float, and gradients twice", "[ops]",
                   float16, bfloat16) {
  const double ulp = std::is_same_v<TestType, bfloat16> ? 0x1p-7 : 0x1p-10;
  const auto narrow = Tensor<float>::from({-3.3f, 0.4f, 2.7f, -0.1f, 5.2f}, {5}).cast<TestType>();
  const auto targets = Tensor<float>::from({0, 1, 0.25f, 0.5f, 1}, {5}), weight = Tensor<float>::from({1, 2, 3, 4, 5});
  for (const Device device : devices())
    for (const auto& named : named_reductions()) {
      INFO(device.to_string() << ", " << named.first);
      const Variable<double> exact(narrow.template cast<double>(), true);
      const auto expected =
          bce_with_logits(exact, targets.cast<double>(), {.weight = weight.cast<double>(), .reduction = named.second});
      const Variable<TestType> logits(narrow.to(device), true);
      const auto losses =
          bce_with_logits(logits, targets.to(device), {.weight = weight.to(device), .reduction = named.second});
      const auto single = bce_with_logits(Variable<float>(narrow.template cast<float>()), targets,
                                          {.weight = weight, .reduction = named.second});
      CHECK(difference(losses.value().to(Device::cpu()), expected.value()) <=
            2 * difference(single.value(), expected.value()) + 0x1p-23);
      const auto dy = Tensor<float>::full(expected.shape(), 0.5f);
      expected.backward(dy.cast<double>());
      losses.backward(dy.to(device), {.retain_graph = true});
      const auto once = logits.grad().to(Device::cpu()).template cast<double>();
      CHECK(difference(once, exact.grad()) <= ulp);
      losses.backward(dy.to(device));  // what was kept serves again
      auto twice = once.clone();
      for (double& value : twice.span()) value *= 2;
      CHECK(logits.grad().to(Device::cpu()).template cast<double>().to_vector() == twice.to_vector());
    }
}

TEST_CASE("Squared error: a plain tensor is a target without gradient", "[ops]") {
  const Variable<double> x(Tensor<double>::from({1.0, 4.0}), true);
  const auto loss = mse_loss(x, Tensor<double>::from({3.0, 1.0}));
  CHECK(loss.item() == 6.5);
  loss.backward();
  CHECK(x.grad().to_vector() == std::vector<double>{-2.0, 3.0});
}

}  // namespace loss_test
