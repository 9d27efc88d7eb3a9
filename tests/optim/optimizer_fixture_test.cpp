// Optimizers, clipping and averages against PyTorch's numbers.
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/averaged_model.hpp>
#include <tempa/optim/clip_grad_norm.hpp>
#include <tempa/optim/sgd.hpp>

#include "optim/running_error.hpp"
#include "support/catch.hpp"
#include "support/fixtures.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace optimizer_fixture_test {

using namespace tempa;
using nlohmann::json;

namespace {

const json& fixture() {
  static const json content = json::parse(std::ifstream(fixture_path("optim/optimizers.json")));
  return content;
}

template <typename T>
Tensor<T> tensor_of(const json& values, const json& shape) {
  Shape sizes;
  for (const auto& size : shape) sizes.push_back(size.get<Index>());
  return Tensor<T>::from(values.get<std::vector<T>>(), sizes);
}

template <typename T>
std::vector<Variable<T>> start_parameters() {
  std::vector<Variable<T>> parameters;
  for (std::size_t i = 0; i < fixture()["shapes"].size(); ++i)
    parameters.emplace_back(tensor_of<T>(fixture()["start"][i], fixture()["shapes"][i]), true);
  return parameters;
}

template <typename T>
void set_gradients(const std::vector<Variable<T>>& parameters, std::size_t step) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const json& grad = fixture()["grads"][step][i];
    parameters[i].clear_grad();
    if (!grad.is_null()) parameters[i].accumulate_grad(tensor_of<T>(grad, fixture()["shapes"][i]));
  }
}

template <typename Options>
Options read_options(const json& given) {
  Options options;
  options.visit([&](const std::string& name, auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    if (given.contains(name)) value = given[name].get<Value>();
    if (name.starts_with("beta") && given.contains("betas"))
      value = given["betas"][name == "beta1" ? 0 : 1].get<Value>();
  });
  return options;
}

/// One element's update as PyTorch documents it, with error bounds.
template <typename T>
struct Tracked {
  using E = RunningError<T>;
  E p;
  E momentum_buffer, exp_avg, exp_avg_sq, max_exp_avg_sq;
  int step = 0;

  void update(double grad, const SGDOptions& o) {
    E g = E(o.maximize ? -grad : grad) + E(o.weight_decay) * p;
    if (o.momentum != 0) {
      momentum_buffer = step == 0 ? g : E(o.momentum) * momentum_buffer + E(1 - o.dampening) * g;
      g = o.nesterov ? g + E(o.momentum) * momentum_buffer : momentum_buffer;
    }
    ++step;
    p = p - E(o.lr) * g;
  }

  template <typename AnyAdamOptions>
  void update(double grad, const AnyAdamOptions& o) {
    ++step;
    E g(o.maximize ? -grad : grad);
    if (AnyAdamOptions::kDecoupled) {
      p = p * E(1 - o.lr * o.weight_decay);
    } else {
      g = g + E(o.weight_decay) * p;
    }
    exp_avg = E(o.betas[0]) * exp_avg + E(1 - o.betas[0]) * g;
    exp_avg_sq = E(o.betas[1]) * exp_avg_sq + E(1 - o.betas[1]) * (g * g);
    max_exp_avg_sq = max(max_exp_avg_sq, exp_avg_sq);
    const E denominator =
        sqrt(o.amsgrad ? max_exp_avg_sq : exp_avg_sq) / E(std::sqrt(1 - std::pow(o.betas[1], step))) + E(o.eps);
    p = p - E(o.lr / (1 - std::pow(o.betas[0], step))) * exp_avg / denominator;
  }
};

/// PyTorch and tempa each round at most twice as often as the formula of `Tracked` as written (PyTorch by other forms
/// of it: lerp; tempa by a product with a reciprocal): each is within 2 errors of the exact value.
constexpr double kErrorsApart = 4;

template <typename Opt, typename T>
void check_case(const json& given) {
  using Options = typename Opt::Options;
  std::vector<Variable<T>> parameters = start_parameters<T>();
  const std::size_t groups = given["groups"].size();
  std::vector<typename Opt::Group> list(groups);
  for (std::size_t i = 0; i < parameters.size(); ++i)
    list[groups == 2 && i == 2 ? 1 : 0].parameters.push_back(parameters[i]);
  for (std::size_t g = 0; g < groups; ++g) list[g].options = read_options<Options>(given["groups"][g]);
  Opt optimizer(list);

  std::vector<std::vector<Tracked<T>>> tracked;
  for (const auto& values : fixture()["start"]) {
    tracked.emplace_back();
    for (const double x : values.get<std::vector<double>>()) {
      tracked.back().emplace_back();
      tracked.back().back().p.value = x;
    }
  }

  for (std::size_t step = 1; step <= fixture()["grads"].size(); ++step) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const json& grad = fixture()["grads"][step - 1][i];
      for (std::size_t j = 0; j < grad.size(); ++j)
        tracked[i][j].update(grad[j].get<double>(), optimizer.options(groups == 2 && i == 2 ? 1 : 0));
    }
    set_gradients(parameters, step - 1);
    optimizer.step();
    for (std::size_t g = 0; step == 10 && g < groups; ++g)
      optimizer.set_lr(g, optimizer.lr(g) * given["lr_factor"].get<double>());

    const auto expected = given["values"].find(std::to_string(step));
    if (expected == given["values"].end()) continue;
    std::size_t k = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i)
      for (std::size_t j = 0; j < tracked[i].size(); ++j, ++k) {
        const double value = static_cast<double>(parameters[i].value().span()[j]);
        const double bound = kErrorsApart * tracked[i][j].p.error;
        INFO("step " << step << ", parameter " << i << "[" << j << "]");
        CHECK(std::abs(value - (*expected)[k].get<double>()) <= bound);
        if (std::is_same_v<T, double>) CHECK(bound <= 1e-12 * std::max(1.0, std::abs(value)));
      }
  }

  const OptimizerState state = optimizer.state_dict();
  for (const auto& entry : given["state"].items()) {
    const std::string& name = entry.key();
    const std::vector<double> expected = entry.value();
    std::size_t k = 0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const auto& moment = std::get<Tensor<T>>(state.tensors.at(concat("state.", i, ".", name)));
      for (std::size_t j = 0; j < tracked[i].size(); ++j, ++k) {
        const Tracked<T>& t = tracked[i][j];
        const double error = name == "momentum_buffer" ? t.momentum_buffer.error
                             : name == "exp_avg"       ? t.exp_avg.error
                             : name == "exp_avg_sq"    ? t.exp_avg_sq.error
                                                       : t.max_exp_avg_sq.error;
        INFO(name << ", parameter " << i << "[" << j << "]");
        CHECK(std::abs(static_cast<double>(moment.span()[j]) - expected[k]) <= kErrorsApart * error);
      }
    }
    CHECK(k == expected.size());
  }
}

template <typename T>
void check_all_cases() {
  REQUIRE(fixture()["optimizers"].size() >= 15);
  for (const auto& given : fixture()["optimizers"]) {
    INFO(given["name"].get<std::string>());
    const auto name = given["class"].get<std::string>();
    if (name == "SGD") check_case<SGD, T>(given);
    if (name == "Adam") check_case<Adam, T>(given);
    if (name == "AdamW") check_case<AdamW, T>(given);
  }
}

}  // namespace

TEST_CASE("Optimizers: double parameters and moments equal PyTorch's", "[optim]") { check_all_cases<double>(); }

TEST_CASE("Optimizers: float parameters and moments are within their rounding of PyTorch's", "[optim]") {
  check_all_cases<float>();
}

TEST_CASE("clip_grad_norm: norms and gradients equal PyTorch's", "[optim]") {
  REQUIRE(fixture()["clip_grad_norm"].size() >= 6);
  for (const auto& given : fixture()["clip_grad_norm"]) {
    const auto parameters = start_parameters<double>();
    set_gradients(parameters, given["step"].get<std::size_t>());
    const double norm = clip_grad_norm(parameters, given["max_norm"].get<double>(),
                                       {.norm_type = given["inf"].get<bool>() ? NormType::kInf : NormType::kL2});
    INFO("max_norm " << given["max_norm"] << ", norm " << norm);
    // A sum of at most 8 squares, its root, one quotient and one product: fewer than 16 roundings on either side.
    const double relative = 32 * RunningError<double>::kUnit;
    CHECK(std::abs(norm - given["norm"].get<double>()) <= relative * norm);
    std::size_t k = 0;
    for (const auto& parameter : parameters)
      for (Index j = 0; parameter.has_grad() && j < parameter.numel(); ++j, ++k) {
        const double expected = given["grads"][k].get<double>();
        CHECK(std::abs(parameter.grad().data()[j] - expected) <= relative * std::abs(expected));
      }
    CHECK(k == given["grads"].size());
  }
}

TEST_CASE("AveragedModel: exponential and equal averages equal PyTorch's", "[optim]") {
  REQUIRE(fixture()["averages"].size() == 3);
  for (const auto& given : fixture()["averages"]) {
    std::vector<Variable<double>> parameters = start_parameters<double>();
    parameters.resize(1);
    const bool is_equal = given["decay"].is_null();
    AveragedModel average(parameters, {.averaging = is_equal ? Averaging::kEqual : Averaging::kExponential,
                                       .decay = is_equal ? 0.5 : given["decay"].get<double>()});
    double largest = 0;
    for (std::size_t step = 0; step < given["values"].size(); ++step) {
      const json& value = fixture()["grads"][step][0];
      parameters[0].mutable_value().copy_from(tensor_of<double>(value, fixture()["shapes"][0]));
      average.update();
      for (std::size_t j = 0; j < value.size(); ++j) {
        largest = std::max(largest, std::abs(value[j].get<double>()));
        // The coefficients are positive and sum to 1; each of 6 updates rounds at most four times on either side.
        CHECK(std::abs(average.average<double>(0).span()[j] - given["values"][step][j].get<double>()) <=
              6 * 8 * RunningError<double>::kUnit * largest);
      }
    }
    CHECK(average.num_updates() == 6);
  }
}

}  // namespace optimizer_fixture_test
