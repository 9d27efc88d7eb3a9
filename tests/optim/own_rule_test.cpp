// An optimizer of a program's own: its rule, said once, runs parameter by parameter and, on a CUDA device, for all at
// once.
#include <tempa/optim/rule_optimizer.hpp>

#include "optim/lion_formula.hpp"
#include "support/catch.hpp"
#include "support/devices.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace own_rule_test {

using namespace tempa;

namespace {

struct LionOptions {
  double lr = 1e-4;
  std::array<double, 2> betas = {0.9, 0.99};
  double weight_decay = 0;

  void visit(auto&& f) {
    f("lr", lr);
    f("beta1", betas[0]);
    f("beta2", betas[1]);
    f("weight_decay", weight_decay);
  }
};

struct LionRule {
  static constexpr std::string_view kName = "Lion";
  using Options = LionOptions;
  using Formula = test::LionFormula;
  static constexpr std::array<std::string_view, 1> kMomentNames = {"exp_avg"};

  static void check(const Options& options) { detail::check_not_negative(kName, "lr", options.lr); }
  static bool uses_optional_moment(const Options&) { return false; }
  static test::LionGroup group(const Options& o) { return {o.lr, o.betas[0], o.betas[1], o.weight_decay}; }
};

using Lion = RuleOptimizer<LionRule>;

/// Weights and momentum after three steps, by the paper's formula.
std::pair<std::vector<double>, std::vector<double>> expected_of(std::vector<double> p,
                                                                const std::vector<std::vector<double>>& gradients) {
  std::vector<double> m(p.size(), 0.0);
  for (const auto& gradient : gradients)
    for (std::size_t i = 0; i < p.size(); ++i) {
      const double c = 0.9 * m[i] + 0.1 * gradient[i];
      p[i] -= 0.01 * ((c > 0 ? 1 : c < 0 ? -1 : 0) + 0.1 * p[i]);
      m[i] = 0.99 * m[i] + 0.01 * gradient[i];
    }
  return {p, m};
}

void check_lion(Device device) {
  const std::vector<double> start = {1, -2, 0.5, 0, 3};
  const std::vector<std::vector<double>> gradients = {
      {1, -1, 0, 2, 0.5}, {-2, 0.5, 0, 1, -0.25}, {-30, -0.5, 1, -1, 0.125}};
  const Variable<double> p(Tensor<double>::from(start).to(device), true);
  Lion lion({p}, {.lr = 0.01, .weight_decay = 0.1});
  for (const auto& gradient : gradients) {
    p.accumulate_grad(Tensor<double>::from(gradient).to(device));
    lion.step();
  }
  const auto [weights, momentum] = expected_of(start, gradients);
  const auto state = lion.state_dict();
  const auto actual = p.value().to_vector(),
             actual_momentum = std::get<Tensor<double>>(state.tensors.at("state.0.exp_avg")).to_vector();
  for (std::size_t i = 0; i < start.size(); ++i) {
    CHECK(actual[i] == Approx(weights[i]).epsilon(1e-14));
    CHECK(actual_momentum[i] == Approx(momentum[i]).epsilon(1e-14));
  }
  CHECK(state.numbers.at("state.0.step") == 3);
}

}  // namespace

TEST_CASE("An own optimizer is a rule for one element: Lion follows its paper, on the CPU and on a CUDA device",
          "[optim][cuda]") {
  for (const Device device : devices()) check_lion(device);
}

}  // namespace own_rule_test
