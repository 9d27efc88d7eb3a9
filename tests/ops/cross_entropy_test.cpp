#include "ops/cross_entropy_cases.hpp"

#include "support/catch.hpp"

namespace cross_entropy_test {

using namespace tempa;

TEST_CASE("Cross-entropy: values, gradients, sizes, errors and threads", "[ops]") {
  cross_entropy_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Cross-entropy: NaN when no row counts, as in PyTorch, and no gradient", "[ops]") {
  const Variable<double> logits(make_variable<double>({3, 4}).value(), true);
  const auto ignored = Tensor<std::int32_t>::from({-100, -100, -100});
  const auto loss = cross_entropy(logits, ignored);
  CHECK(std::isnan(loss.item()));
  loss.backward();
  for (const double g : logits.grad().span()) CHECK(g == 0.0);
  CHECK(cross_entropy(logits, ignored, {.reduction = Reduction::kSum}).item() == 0.0);
  CHECK(
      std::isnan(cross_entropy(logits, Tensor<std::int32_t>::from({0, 0, 0}), {.class_weights = {0, 1, 1, 1}}).item()));
}

TEST_CASE("Cross-entropy: far-off logits give a large finite loss and gradients of one", "[ops]") {
  const Variable<float> logits(Tensor<float>::from({1e4f, 0.0f, -1e4f, -1e4f, 0.0f, 1e4f}, {2, 3}), true);
  const auto loss = cross_entropy(logits, Tensor<std::int32_t>::from({2, 2}), {.reduction = Reduction::kSum});
  CHECK(loss.item() == 2e4f);
  loss.backward();
  CHECK(logits.grad().to_vector() == std::vector<float>{1, 0, -1, 0, 0, 0});
}

TEST_CASE("Cross-entropy: the label to ignore may be a class", "[ops]") {
  const auto logits = make_variable<double>({3, 2});
  const auto labels = Tensor<std::int32_t>::from({0, 1, 0});
  const auto losses = cross_entropy(logits, labels, {.reduction = Reduction::kNone}).value();
  CHECK(cross_entropy(logits, labels, {.ignore_index = 0}).item() == losses.at({1}));
}

}  // namespace cross_entropy_test
