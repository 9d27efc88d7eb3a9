// Clipping: who counts, and what a gradient that is not finite does.
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/devices.hpp"
#include "support/thrown.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace clip_grad_norm_test {

using namespace tempa;

namespace {

struct Named {
  std::string name;
  Variable<float> variable;
};

Variable<float> parameter(std::vector<float> gradient) {
  Variable<float> result(Tensor<float>::zeros({static_cast<Index>(gradient.size())}), true);
  result.accumulate_grad(Tensor<float>::from(gradient));
  return result;
}

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("clip_grad_norm: an optimizer's gradients are scaled to the norm, frozen and missing ones left out",
          "[optim]") {
  auto a = parameter({3, 0}), b = parameter({0, 4}), frozen = parameter({100}), unused = parameter({100});
  frozen.set_requires_grad(false);
  unused.clear_grad();
  const AdamW optimizer({a, b, frozen, unused});
  CHECK(clip_grad_norm(optimizer, 10) == 5);
  CHECK(a.grad().to_vector() == std::vector<float>{3, 0});
  CHECK(clip_grad_norm(optimizer, std::numeric_limits<double>::infinity()) == 5);
  CHECK(clip_grad_norm(optimizer, 1.0f) == 5);
  const auto coefficient = static_cast<float>(1 / (5 + 1e-6));
  CHECK(a.grad().to_vector() == std::vector<float>{3 * coefficient, 0});
  CHECK(b.grad().to_vector() == std::vector<float>{0, 4 * coefficient});
  CHECK(frozen.grad().item() == 100);
  CHECK(clip_grad_norm(ParameterList{}, 1) == 0);
}

TEST_CASE("clip_grad_norm: squares beyond the range of float are summed in double", "[optim]") {
  const auto w = parameter({3e30f, 4e30f});
  const double norm = clip_grad_norm({w}, 1);
  CHECK(norm == std::hypot(static_cast<double>(3e30f), static_cast<double>(4e30f)));
  CHECK(w.grad().to_vector() ==
        std::vector<float>{3e30f * static_cast<float>(1 / norm), 4e30f * static_cast<float>(1 / norm)});
}

TEST_CASE("clip_grad_norm: the norm has the same bits for any number of threads", "[optim]") {
  const int before = num_threads();
  Variable<float> w(Tensor<float>::zeros({200'001}), true);
  for (float& g : w.mutable_grad().span()) g = std::sin(static_cast<float>(&g - w.grad().data()));
  std::vector<double> norms;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    norms.push_back(clip_grad_norm({w}, 1e9));
    norms.push_back(clip_grad_norm({w}, 1e9, {.norm_type = NormType::kInf}));
  }
  set_num_threads(before);
  CHECK(norms == std::vector<double>{norms[0], norms[1], norms[0], norms[1], norms[0], norms[1]});
  double largest = 0, squares = 0;
  for (const float g : w.grad().span()) {
    largest = std::max(largest, std::abs(static_cast<double>(g)));
    squares += static_cast<double>(g) * static_cast<double>(g);
  }
  CHECK(norms[1] == largest);
  // Sums of n positive numbers in two orders: each rounds at most n times.
  CHECK(std::abs(norms[0] * norms[0] - squares) <= 2 * 200'001 * 0x1p-53 * squares);
}

TEST_CASE("clip_grad_norm: a gradient that is not finite is named, or spreads as in PyTorch", "[optim]") {
  for (const NormType norm_type : {NormType::kL2, NormType::kInf})
    for (const float bad : {kNaN, kInfinity, -kInfinity}) {
      const auto good = parameter({1, 1}), other = parameter({1, bad, 1}), last = parameter({1});
      const std::vector<Named> named{{"bert.pooler.dense.weight", good}, {"classifier.bias", other}, {"z", last}};
      const std::string message = thrown<NumericalError>(
          [&] { clip_grad_norm(named, 1, {.norm_type = norm_type, .error_if_nonfinite = true}); });
      CHECK(message ==
            std::string("[clip_grad_norm] expected finite gradients but parameter classifier.bias (3) has ") +
                (std::isnan(bad) ? "NaN" : "infinity") + " in its gradient");
      CHECK(good.grad().to_vector() == std::vector<float>{1, 1});

      const double norm = clip_grad_norm(named, 1, {.norm_type = norm_type});
      if (std::isnan(bad)) {
        CHECK(std::isnan(norm));
        CHECK(std::isnan(good.grad().data()[0]));
      } else {
        CHECK(std::isinf(norm));
        CHECK(good.grad().to_vector() == std::vector<float>{0, 0});
        CHECK(std::isnan(other.grad().data()[1]));
      }
    }
  const auto unnamed = parameter({kNaN});
  const std::string message = thrown<NumericalError>([&] {
    clip_grad_norm({parameter({1}), unnamed}, 1, {.error_if_nonfinite = true});
  });
  CHECK(message.find("parameter 1 (1) has NaN") != std::string::npos);
}

TEST_CASE("clip_grad_norm: a negative or NaN bound is refused", "[optim]") {
  const auto w = parameter({1});
  CHECK_THROWS_AS(clip_grad_norm({w}, -1), ConfigError);
  CHECK_THROWS_AS(clip_grad_norm({w}, std::nan("")), ConfigError);
  CHECK(w.grad().item() == 1);
}

TEST_CASE("Optimizer: a step with max_norm clips first, and may leave everything as it is", "[optim]") {
  for (const Device device : devices()) {
    INFO(device);
    const auto on_device = [&](const std::vector<float>& gradient) {
      Variable<float> result(Tensor<float>::zeros({static_cast<Index>(gradient.size())}, device), true);
      result.accumulate_grad(Tensor<float>::from(gradient).to(device));
      return result;
    };
    const auto a = on_device({3, 0, 1}), b = on_device({0, 4}), c = parameter({3, 0, 1}), d = parameter({0, 4});
    SGD optimizer({a, b}, {.lr = 0.5, .momentum = 0.9}), expected({c, d}, {.lr = 0.5, .momentum = 0.9});
    for (int i = 0; i < 2; ++i) {
      optimizer.step({.max_norm = 2.0});
      const double norm = clip_grad_norm(expected, 2.0);
      expected.step();
      CHECK(std::abs(optimizer.grad_norm() - norm) <= 1e-6);
      for (std::size_t j = 0; j < 3; ++j) CHECK(std::abs(a.value().to_vector()[j] - c.value().to_vector()[j]) <= 1e-6f);
      for (const auto& [one, other] : {std::pair(a, c), std::pair(b, d)}) {
        one.mutable_grad().fill(static_cast<float>(i + 2));
        other.mutable_grad().fill(static_cast<float>(i + 2));
      }
    }
    const auto before = a.value().to_vector();
    a.mutable_grad().fill(kNaN);
    optimizer.step({.max_norm = 2.0, .skip_nonfinite = true});
    CHECK(std::isnan(optimizer.grad_norm()));
    optimizer.take_back_count();
    CHECK(a.value().to_vector() == before);
    CHECK(b.value().to_vector() != std::vector<float>{0, 0});
    CHECK(optimizer.state_dict().numbers.at("state.0.step") == 2);
    CHECK_FALSE(a.has_grad());
    CHECK_THROWS_AS(optimizer.step({.max_norm = -1.0}), ConfigError);
  }
}

}  // namespace clip_grad_norm_test
