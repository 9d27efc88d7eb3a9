#include <tempa/autograd/gradcheck.hpp>
#include <tempa/autograd/tape.hpp>

#include "support/catch.hpp"

#include <memory>
#include <vector>

namespace variable_test {

using namespace tempa;

namespace {

Variable<double> parameter(std::vector<double> values) { return Variable<double>(Tensor<double>::from(values), true); }

/// y = x^2; `saved`, when given, is held by the closure, so that the test sees when it is freed.
Variable<double> square(const Variable<double>& x, std::shared_ptr<int> saved = nullptr) {
  Tensor<double> y(x.shape());
  for (Index i = 0; i < y.numel(); ++i) y.data()[i] = x.value().data()[i] * x.value().data()[i];
  return record("square", y, {x}, [x, saved](const Tensor<double>& dy) {
    Tensor<double> dx(x.shape());
    for (Index i = 0; i < dx.numel(); ++i) dx.data()[i] = 2 * x.value().data()[i] * dy.data()[i];
    x.accumulate_grad(std::move(dx));
  });
}

/// y = a + b; hands the same dy to both.
Variable<double> plus(const Variable<double>& a, const Variable<double>& b) {
  Tensor<double> y(a.shape());
  for (Index i = 0; i < y.numel(); ++i) y.data()[i] = a.value().data()[i] + b.value().data()[i];
  return record("plus", y, {a, b}, [a, b](const Tensor<double>& dy) {
    if (a.requires_grad()) a.accumulate_grad(dy);
    if (b.requires_grad()) b.accumulate_grad(dy);
  });
}

Tensor<double> ones(Index n) { return Tensor<double>::full({n}, 1.0); }

}  // namespace

TEST_CASE("backward: the chain rule, and gradients that meet are added", "[autograd]") {
  const auto x = parameter({1, 2, 3});
  const auto y = square(x);
  plus(square(y), y).backward(ones(3));  // x^4 + x^2
  CHECK(x.grad().to_vector() == std::vector<double>{4 + 2, 32 + 4, 108 + 6});
}

TEST_CASE("backward: gradients accumulate over passes until they are cleared", "[autograd]") {
  const auto x = parameter({3});
  square(x).backward();
  square(x).backward();
  CHECK(x.grad().item() == 12.0);
  x.clear_grad();
  CHECK_FALSE(x.has_grad());
  CHECK_THROWS_AS(x.grad(), Error);
}

TEST_CASE("backward: leaves never share the storage of a gradient", "[autograd]") {
  const auto a = parameter({1}), b = parameter({2});
  plus(a, b).backward();
  a.mutable_grad().data()[0] = 7.0;
  CHECK(b.grad().item() == 1.0);
}

TEST_CASE("backward: the graph is freed as it is used, unless it is to be kept", "[autograd]") {
  const auto x = parameter({2});
  const auto saved = std::make_shared<int>(1);
  const auto y = square(x, saved);
  CHECK(saved.use_count() == 2);
  y.backward({.retain_graph = true});
  CHECK(saved.use_count() == 2);
  y.backward();
  CHECK(x.grad().item() == 8.0);
  CHECK(saved.use_count() == 1);
  CHECK_THROWS_AS(y.backward(), Error);
}

TEST_CASE("release_graph: frees what was saved without going backward", "[autograd]") {
  const auto x = parameter({2});
  const auto saved = std::make_shared<int>(1);
  const auto y = square(square(x, saved), saved);
  CHECK(saved.use_count() == 3);
  y.release_graph();
  CHECK(saved.use_count() == 1);
  CHECK_THROWS_AS(y.backward(), Error);
  CHECK_FALSE(x.has_grad());
}

TEST_CASE("NoGrad: nothing is recorded inside, and it nests", "[autograd]") {
  const auto x = parameter({2});
  const auto saved = std::make_shared<int>(1);
  {
    const NoGrad outer;
    { const NoGrad inner; }
    CHECK_FALSE(grad_enabled());
    CHECK_FALSE(square(x, saved).requires_grad());
    CHECK(saved.use_count() == 1);
  }
  CHECK(grad_enabled());
  CHECK(square(x).requires_grad());
}

TEST_CASE("backward: constants and detached values get no gradient", "[autograd]") {
  const auto x = parameter({2});
  const Variable<double> constant(Tensor<double>::from(std::vector<double>{5}));
  plus(plus(x, constant), square(x).detach()).backward();
  CHECK(x.grad().item() == 1.0);
  CHECK_FALSE(constant.has_grad());
  CHECK_THROWS_AS(constant.backward(), Error);
}

TEST_CASE("backward: a vector needs a gradient of its shape to start from", "[autograd]") {
  const auto x = parameter({1, 2});
  CHECK_THROWS_AS(square(x).backward(), ShapeError);
  CHECK_THROWS_AS(square(x).backward(ones(3)), ShapeError);
}

TEST_CASE("register_hook: sees the gradient of one pass and may change it", "[autograd]") {
  const auto x = parameter({3});
  std::vector<double> seen;
  x.register_hook([&](Tensor<double>& grad) {
    seen.push_back(grad.item());
    grad = Tensor<double>::full(grad.shape(), grad.item() / 2);
  });
  const auto y = square(x);
  y.register_hook([](Tensor<double>& grad) { grad = Tensor<double>::full(grad.shape(), 10.0); });
  y.backward({.retain_graph = true});
  y.backward();
  CHECK(seen == std::vector<double>{60, 60});
  CHECK(x.grad().item() == 60.0);
}

TEST_CASE("retain_grad: keeps the gradient of an intermediate value", "[autograd]") {
  const auto x = parameter({3});
  const auto y = square(x), z = square(y);
  y.retain_grad();
  z.backward();
  CHECK(y.grad().item() == 18.0);
  CHECK_FALSE(z.has_grad());
}

TEST_CASE("set_requires_grad: a frozen leaf is left out", "[autograd]") {
  auto x = parameter({3});
  x.set_requires_grad(false);
  CHECK_FALSE(square(x).requires_grad());
  x.set_requires_grad(true);
  auto y = square(x);
  CHECK_THROWS_AS(y.set_requires_grad(false), Error);
}

TEST_CASE("Tape: a chain of a million operations is destroyed without recursion", "[autograd]") {
  auto x = parameter({1});
  auto y = x;
  for (int i = 0; i < 1000000; ++i) y = plus(y, x);
  y = Variable<double>();
  CHECK_FALSE(x.has_grad());
}

TEST_CASE("gradcheck: passes the right gradient and finds a wrong one", "[autograd]") {
  CHECK(gradcheck([](const auto& in) { return square(in[0]); }, {parameter({0.5, -2, 3})}).passed);
  const auto wrong = [](const std::vector<Variable<double>>& in) {
    const auto x = in[0];
    return record("wrong", square(x).value(), {x}, [x](const Tensor<double>& dy) { x.accumulate_grad(dy.clone()); });
  };
  const GradcheckResult result = gradcheck(wrong, {parameter({0.5, -2, 3})});
  CHECK_FALSE(result.passed);
  CHECK(result.message.find("input 0 element") != std::string::npos);
}

}  // namespace variable_test
