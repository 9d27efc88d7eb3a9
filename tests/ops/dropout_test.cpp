#include "support/catch.hpp"
#include "support/op_case.hpp"

#include <tempa/core/parallel.hpp>
#include <tempa/ops/dropout.hpp>

#include <cmath>
#include <limits>

namespace dropout_test {

using namespace tempa;

TEST_CASE("Dropout: gradients, sizes, errors and threads", "[ops]") {
  check_op(OpCase{.name = "dropout",
                  .inputs = {{.shape = {3, 7}}},
                  .f =
                      [](const auto& in) {
                        Generator generator(3);
                        return dropout(in[0], 0.3, generator);
                      },
                  .fixture = "",
                  .without_fixture = "PyTorch draws other random numbers",
                  .sized =
                      [](Index n) {
                        return Shapes{{3, n}};
                      },
                  .large = {{{1280, 1024}}},
                  .errors = {expect_error<ValueError>("[dropout] drop_prob must be in [0,1] but is -0.1",
                                                      [] { dropout(make_variable({2}), -0.1); }),
                             expect_error<ValueError>("[dropout] drop_prob must be in [0,1] but is 1.5",
                                                      [] { dropout(make_variable({2}), 1.5); }),
                             expect_error<ValueError>("[dropout] drop_prob must be in [0,1] but is nan", [] {
                               dropout(make_variable({2}), std::numeric_limits<double>::quiet_NaN());
                             })}});
}

TEST_CASE("Dropout: element i keeps or drops by number i of the stream, forward and backward", "[ops]") {
  const Index n = GENERATE(1, 5, 1023, 1025, 40000);
  const double p = GENERATE(0.1, 0.9);
  Generator generator(8, 77);
  const auto x = make_variable<float>({n});
  const Variable<float> y = dropout(Variable<float>(x), p, generator);
  CHECK(generator.block() == 77 + (static_cast<std::uint64_t>(n) + 3) / 4);
  const Variable<float> parameter(x.value().clone(), true);
  Generator again(8, 77);
  dropout(parameter, p, again).backward(x.value().clone());
  const RandomStream stream{8, 77};
  Index wrong = 0;
  for (Index i = 0; i < n; ++i) {
    const bool dropped = stream.bits(static_cast<std::uint64_t>(i)) < drop_threshold(p);
    const float expected = dropped ? 0.0f : x.value().data()[i] * static_cast<float>(1 / (1 - p));
    wrong += y.value().data()[i] != expected || parameter.grad().data()[i] != expected;
  }
  CHECK(wrong == 0);
}

TEST_CASE("Dropout: mean and variance of the mask, and no correlation with its neighbours", "[ops]") {
  constexpr Index kCount = 1 << 20;
  const double p = GENERATE(0.01, 0.1, 0.5, 0.99);
  Generator generator(1);
  const auto y = dropout(Variable<float>(Tensor<float>::full({kCount}, 1.0f)), p, generator).value();
  double sum = 0, squares = 0;
  std::vector<double> products(9, 0.0);  // with the element 1 to 8 places on: a block of Philox has 4
  for (Index i = 0; i < kCount; ++i) {
    const double d = static_cast<double>(y.data()[i]) - 1;
    sum += d;
    squares += d * d;
    for (Index lag = 1; lag <= 8; ++lag)
      products[static_cast<std::size_t>(lag)] += d * (static_cast<double>(y.data()[(i + lag) % kCount]) - 1);
  }
  const double variance = p / (1 - p);  // of 0 with probability p, 1 / (1 - p) otherwise
  CHECK(std::abs(sum) < 5 * std::sqrt(kCount * variance));
  for (std::size_t lag = 1; lag < products.size(); ++lag)
    CHECK(std::abs(products[lag]) < 5 * std::sqrt(static_cast<double>(kCount)) * variance);
  // The square is 1 where it is dropped and v^2 otherwise: its own variance is p (1 - p) (1 - v^2)^2.
  const double spread = std::sqrt(kCount * p * (1 - p)) * std::abs(1 - variance * variance);
  CHECK(std::abs(squares - kCount * variance) <= 5 * spread + 1e-6 * kCount * variance);
}

TEST_CASE("Dropout: p = 0 is the input itself, p = 1 is zero", "[ops]") {
  const auto x = make_variable<float>({100});
  Generator generator(4);
  CHECK(dropout(x, 0.0, generator).node() == x.node());
  CHECK(generator.block() == 0);
  const Variable<float> parameter(Tensor<float>::full({100}, std::numeric_limits<float>::infinity()), true);
  const auto y = dropout(parameter, 1.0, generator);
  y.backward(Tensor<float>::full({100}, 1.0f));
  for (Index i = 0; i < 100; ++i) {
    CHECK(y.value().data()[i] == 0.0f);
    CHECK(parameter.grad().data()[i] == 0.0f);
  }
}

TEST_CASE("Dropout: the default generator decides unless one is given", "[ops]") {
  const auto x = make_variable<float>({64});
  manual_seed(9);
  const auto first = dropout(x, 0.5).value().to_vector();
  CHECK(dropout(x, 0.5).value().to_vector() != first);
  manual_seed(9);
  CHECK(dropout(x, 0.5).value().to_vector() == first);
}

}  // namespace dropout_test
