#include "ops/batch_norm1d_cases.hpp"

#include "support/catch.hpp"

#include <optional>

namespace batch_norm1d_test {

using namespace tempa;

TEST_CASE("Batch normalisation: values, gradients, sizes, errors and threads", "[ops]") {
  batch_norm1d_cases([](const OpCase& op) {
    DYNAMIC_SECTION(op.name) { check_op(op); }
  });
}

TEST_CASE("Batch normalisation: running statistics as torch.nn.BatchNorm1d keeps them", "[ops]") {
  struct Run {
    std::optional<double> momentum;
    std::vector<double> mean, variance;  // of torch 2.15 after the batches x, 2 x, 3 x
  };
  const auto run = GENERATE(
      values<Run>({{0.1, {1.683, 1.309}, {6.093, 17.268}}, {std::nullopt, {6, 14.0 / 3}, {56.0 / 3, 518.0 / 9}}}));
  const Tensor<double> mean = Tensor<double>::zeros({2}), variance = Tensor<double>::full({2}, 1.0);
  const auto count = Tensor<std::int64_t>::zeros({});
  const auto step = [&](double factor, bool training) {
    const auto x =
        Tensor<double>::from({1 * factor, 2 * factor, 3 * factor, -1 * factor, 5 * factor, 6 * factor}, {3, 2});
    batch_norm1d(Variable<double>(x), {}, {}, mean, variance, count, training, {.momentum = run.momentum});
  };
  for (const double factor : {1.0, 2.0, 3.0}) step(factor, true);
  step(100.0, false);  // evaluation reads them only
  CHECK(count.item() == 3);
  for (Index c = 0; c < 2; ++c) {
    CHECK(mean.data()[c] == Approx(run.mean[static_cast<std::size_t>(c)]).epsilon(1e-14));
    CHECK(variance.data()[c] == Approx(run.variance[static_cast<std::size_t>(c)]).epsilon(1e-14));
  }
}

TEST_CASE("Batch normalisation: one row is enough for evaluation, and for training when it is long", "[ops]") {
  const auto ones = Tensor<float>::full({3}, 1.0f), zeros = Tensor<float>::zeros({3});
  const auto x = make_variable({1, 3});
  const auto y = batch_norm1d(x, {}, {}, zeros, ones, {}, false, {.eps = 0});
  CHECK(y.value().to_vector() == x.value().to_vector());
  CHECK(batch_norm1d(make_variable({1, 3, 2}), {}, {}, zeros, ones, {}, true).shape() == Shape{1, 3, 2});
}

TEST_CASE("Batch normalisation: without running statistics evaluation uses the batch's", "[ops]") {
  const auto x = make_variable<double>({4, 3});
  const auto training = batch_norm1d(x, {}, {}, Tensor<double>(), Tensor<double>(), {}, true);
  const auto evaluation = batch_norm1d(x, {}, {}, Tensor<double>(), Tensor<double>(), {}, false);
  CHECK(training.value().to_vector() == evaluation.value().to_vector());
}

TEST_CASE("Batch normalisation: backward of evaluation does not see later training", "[ops]") {
  const Tensor<double> mean = Tensor<double>::zeros({3}), variance = Tensor<double>::full({3}, 1.0);
  const auto gradient = [&](bool train_between) {
    const Variable<double> x(make_variable<double>({4, 3}).value(), true);
    const auto running = variance.clone();
    const auto y = batch_norm1d(x, {}, {}, mean.clone(), running, {}, false);
    if (train_between) batch_norm1d(make_variable<double>({4, 3}, 9), {}, {}, mean.clone(), running, {}, true);
    y.backward(Tensor<double>::full({4, 3}, 1.0));
    return x.grad().to_vector();
  };
  CHECK(gradient(true) == gradient(false));
}

}  // namespace batch_norm1d_test
