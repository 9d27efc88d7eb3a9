// NaN and infinity are found in the operation in which they begin.
#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/autograd/no_grad.hpp>
#include <tempa/autograd/tape.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace detect_anomaly_test {

using namespace tempa;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Variable<double> leaf(std::vector<double> values) { return Variable<double>(Tensor<double>::from(values), true); }

/// y = f(x), dx = df(x) dy
template <typename F, typename Df>
Variable<double> apply(const char* op, const Variable<double>& x, F f, Df df) {
  Tensor<double> y(x.shape());
  for (Index i = 0; i < y.numel(); ++i) y.data()[i] = f(x.value().data()[i]);
  return record(op, y, {x}, [x, df](const Tensor<double>& dy) {
    Tensor<double> dx(x.shape());
    for (Index i = 0; i < dx.numel(); ++i) dx.data()[i] = df(x.value().data()[i]) * dy.data()[i];
    x.accumulate_grad(std::move(dx));
  });
}
Variable<double> root(const Variable<double>& x) {
  return apply(
      "root", x, [](double v) { return std::sqrt(v); }, [](double v) { return 0.5 / std::sqrt(v); });
}
Variable<double> twice(const Variable<double>& x) {
  return apply(
      "twice", x, [](double v) { return 2 * v; }, [](double) { return 2.0; });
}
Tensor<double> ones(Index n) { return Tensor<double>::full({n}, 1.0); }

}  // namespace

TEST_CASE("DetectAnomaly: the first operation whose result is not finite is named", "[autograd]") {
  const auto x = leaf({4, -1});
  CHECK(std::isnan(root(twice(x)).value().data()[1]));  // nobody looks
  const DetectAnomaly guard;
  CHECK(thrown<AnomalyError>([&] { twice(root(twice(x))); }) ==
        "[detect_anomaly] expected finite values but the result of root, (2), has NaN");
  CHECK(thrown<AnomalyError>([&] { twice(leaf({kInfinity})); }) ==
        "[detect_anomaly] expected finite values but the result of twice, (1), has infinity; its input 0 has infinity "
        "already");
  const NoGrad unrecorded;  // evaluation is looked at too
  CHECK_THROWS_AS(root(leaf({-1})), AnomalyError);
}

TEST_CASE("DetectAnomaly: the first operation whose backward is not finite is named, with the leaf", "[autograd]") {
  const auto zero = leaf({1, 0});
  twice(root(twice(zero))).backward(ones(2));
  CHECK(zero.grad().data()[1] == kInfinity);  // nobody looks
  zero.clear_grad();
  const DetectAnomaly guard;
  try {
    twice(root(twice(zero))).backward(ones(2));
    FAIL("nothing was thrown");
  } catch (const AnomalyError& error) {
    CHECK(std::string(error.what()) ==
          "[detect_anomaly] expected finite gradients but the backward of root made one with infinity of its input 0");
    CHECK(error.op() == "root");
    CHECK(error.leaf() == nullptr);
  }
  try {
    root(zero).backward(ones(2));
    FAIL("nothing was thrown");
  } catch (const AnomalyError& error) {
    CHECK(error.leaf() == static_cast<const detail::Node*>(zero.node().get()));
  }
}

TEST_CASE("DetectAnomaly: the start and the hooks of backward are looked at", "[autograd]") {
  const DetectAnomaly guard;
  const auto x = leaf({1});
  CHECK(thrown<AnomalyError>([&] { twice(x).backward(Tensor<double>::full({1}, kInfinity)); }) ==
        "[detect_anomaly] expected finite gradients but the start of backward at the result of twice gave one with "
        "infinity");
  const auto y = leaf({1});
  y.register_hook([](Tensor<double>& grad) { grad.fill(std::nan("")); });
  CHECK(thrown<AnomalyError>([&] { twice(y).backward(); }) ==
        "[detect_anomaly] expected finite gradients but a hook on a leaf gave one with NaN");
}

TEST_CASE("DetectAnomaly: looks for NaN alone where it is asked to, nests, and ends with its scope", "[autograd]") {
  {
    const DetectAnomaly nan_alone(Anomaly::kNaN);
    CHECK(anomaly_detection_enabled());
    const auto zero = leaf({0});
    root(zero).backward();  // infinity is none
    CHECK(zero.grad().item() == kInfinity);
    CHECK_THROWS_AS(root(leaf({-1})), AnomalyError);
    {
      const DetectAnomaly both;
      CHECK_THROWS_AS(root(leaf({0})).backward(), AnomalyError);
    }
    root(leaf({0})).backward();
  }
  CHECK_FALSE(anomaly_detection_enabled());
  root(leaf({-1}));
}

}  // namespace detect_anomaly_test
