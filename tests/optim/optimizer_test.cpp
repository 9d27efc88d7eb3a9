// What every optimizer does around its rule: gradients, groups, frozen parameters, saved states, and what it refuses.
#include <tempa/autograd/tape.hpp>
#include <tempa/optim/adamw.hpp>
#include <tempa/optim/param_groups.hpp>
#include <tempa/optim/sgd.hpp>

#include "support/catch.hpp"
#include "support/thrown.hpp"

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace optimizer_test {

using namespace tempa;

namespace {

/// A struct like `NamedParameter` of nn/.
struct Named {
  std::string name;
  Variable<float> variable;
};

template <typename T = float>
Variable<T> parameter(std::vector<T> values) {
  return Variable<T>(Tensor<T>::from(values), true);
}

template <typename T>
void give_gradient(const Variable<T>& variable, T value) {
  variable.accumulate_grad(Tensor<T>::full(variable.shape(), value));
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Minimises sum (w - target)^2 for some steps.
template <typename Opt>
void train(Opt& optimizer, const Variable<float>& w, int steps) {
  for (int i = 0; i < steps; ++i) {
    Tensor<float> grad(w.shape());
    for (Index j = 0; j < w.numel(); ++j) grad.data()[j] = 2 * (w.value().data()[j] - static_cast<float>(j));
    w.accumulate_grad(grad);
    optimizer.step();
  }
}

}  // namespace

TEST_CASE("Optimizer: step updates and then clears the gradients unless told to keep them", "[optim]") {
  auto w = parameter({1, 2});
  SGD optimizer({w}, {.lr = 0.5});
  give_gradient(w, 1.0f);
  optimizer.step({.keep_gradients = true});
  CHECK(w.value().to_vector() == std::vector<float>{0.5f, 1.5f});
  CHECK(w.grad().to_vector() == std::vector<float>{1, 1});
  optimizer.step();
  CHECK(w.value().to_vector() == std::vector<float>{0, 1});
  CHECK_FALSE(w.has_grad());
  optimizer.step();  // nothing to do: no gradient
  CHECK(w.value().to_vector() == std::vector<float>{0, 1});
  give_gradient(w, 1.0f);
  optimizer.zero_grad();
  CHECK_FALSE(w.has_grad());
}

TEST_CASE("Optimizer: frozen parameters and those without a gradient keep value, moments and step count", "[optim]") {
  auto used = parameter({1}), unused = parameter({1}), frozen = parameter({1});
  AdamW optimizer(std::vector<Named>{{"used", used}, {"unused", unused}, {"frozen", frozen}}, {.lr = 0.1});
  give_gradient(used, 1.0f);
  give_gradient(frozen, 1.0f);
  frozen.set_requires_grad(false);
  optimizer.step();
  CHECK(used.value().item() < 1);
  CHECK(unused.value().item() == 1);  // no weight decay either
  CHECK(frozen.value().item() == 1);
  CHECK_FALSE(frozen.has_grad());
  const OptimizerState state = optimizer.state_dict();
  CHECK(state.numbers.at("state.used.step") == 1);
  CHECK(state.numbers.at("state.unused.step") == 0);
  CHECK(state.numbers.at("state.frozen.step") == 0);
  CHECK(state.tensors.size() == 2);  // exp_avg and exp_avg_sq of used
}

TEST_CASE("Optimizer: groups have options of their own, in any spelling of a list of parameters", "[optim]") {
  auto a = parameter({1}), b = parameter({1});
  auto c = parameter<double>({1});
  SGD optimizer({{std::vector<Variable<float>>{a}, {.lr = 0.5}},
                 {std::vector<Named>{{"b", b}}, {.lr = 0.25}},
                 {{c}, {.lr = 0.125}}});  // another precision
  give_gradient(a, 1.0f);
  give_gradient(b, 1.0f);
  give_gradient(c, 1.0);
  optimizer.set_lr(1, 0.75);
  optimizer.step();
  CHECK(optimizer.num_groups() == 3);
  CHECK(a.value().item() == 0.5f);
  CHECK(b.value().item() == 0.25f);
  CHECK(c.value().item() == 0.875);
  CHECK(optimizer.parameters()[0].name == "0");
  CHECK(optimizer.parameters()[1].name == "b");
  const Optimizer& base = optimizer;
  CHECK(base.lr(1) == 0.75);
}

TEST_CASE("Optimizer: results have the same bits for any number of threads", "[optim]") {
  const Index n = 100'003;
  const int before = num_threads();
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 5}) {
    set_num_threads(threads);
    Tensor<float> values(Shape{n}), grad(Shape{n});
    for (Index i = 0; i < n; ++i) {
      values.data()[i] = std::sin(static_cast<float>(i));
      grad.data()[i] = std::cos(static_cast<float>(3 * i));
    }
    Variable<float> w(values, true);
    AdamW optimizer({w}, {.lr = 0.01, .amsgrad = true});
    for (int i = 0; i < 2; ++i) {
      w.accumulate_grad(grad.clone());
      optimizer.step();
    }
    results.push_back(w.value().to_vector());
  }
  set_num_threads(before);
  const bool equal = results[0] == results[1] && results[0] == results[2];  // not printed: 100003 numbers
  CHECK(equal);
}

TEST_CASE("Optimizer: an empty parameter and a scalar are as good as any", "[optim]") {
  Variable<float> empty(Tensor<float>(Shape{0, 3}), true), scalar(Tensor<float>::full(Shape{}, 2.0f), true);
  SGD optimizer({empty, scalar}, {.lr = 1, .momentum = 0.5});
  give_gradient(empty, 1.0f);
  give_gradient(scalar, 1.0f);
  optimizer.step();
  CHECK(scalar.value().item() == 1);
}

TEST_CASE("Optimizer: weight_decay_groups spares biases and normalisations", "[optim]") {
  const std::vector<std::pair<std::string, bool>> names{
      {"bert.embeddings.word_embeddings.weight", false},
      {"bert.embeddings.LayerNorm.weight", true},
      {"bert.embeddings.LayerNorm.bias", true},
      {"bert.encoder.layer.11.attention.output.dense.bias", true},
      {"bert.encoder.layer.11.attention.output.dense.weight", false},
      {"layer_norm.weight", true},
      {"norm1.weight", true},
      {"in_proj_bias", true},
      {"normalizer.weight", false},
      {"weight", false},
      {"norm", false},
  };
  std::vector<Named> parameters;
  for (const auto& entry : names) {
    INFO(entry.first);
    CHECK(is_bias_or_norm(entry.first) == entry.second);
    parameters.push_back({entry.first, parameter({1})});
  }
  const auto groups = weight_decay_groups(parameters, AdamWOptions{.lr = 3e-4, .weight_decay = 0.1});
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].parameters.size() == 5);
  CHECK(groups[0].options.weight_decay == 0.1);
  CHECK(groups[1].parameters.size() == 6);
  CHECK(groups[1].options.weight_decay == 0);
  CHECK(groups[1].options.lr == 3e-4);
  AdamW optimizer(groups);
  CHECK(optimizer.num_groups() == 2);

  const auto all =
      weight_decay_groups(parameters, SGDOptions{.weight_decay = 0.1}, [](std::string_view) { return false; });
  CHECK(all.size() == 1);
  CHECK(contains(thrown<ConfigError>([&] { weight_decay_groups({parameter({1})}, AdamWOptions{}); }), "no name"));
}

TEST_CASE("Optimizer: one restored from its state continues bit for bit", "[optim]") {
  const auto check = [](auto make) {
    auto a = parameter({5, -3, 0.5f});
    auto first = make(a, 0.05);
    train(*first, a, 4);
    auto b = parameter(a.value().to_vector());
    auto second = make(b, 0.5);
    second->load_state_dict(first->state_dict());
    CHECK(second->lr() == 0.05);
    train(*first, a, 3);
    train(*second, b, 3);
    CHECK(a.value().to_vector() == b.value().to_vector());
    CHECK(first->state_dict().numbers == second->state_dict().numbers);
  };
  check(
      [](auto w, double lr) { return std::make_unique<SGD>(ParameterList{w}, SGDOptions{.lr = lr, .momentum = 0.9}); });
  check([](auto w, double lr) {
    return std::make_unique<Adam>(ParameterList{w}, AdamOptions{.lr = lr, .amsgrad = true});
  });
  check([](auto w, double lr) { return std::make_unique<AdamW>(ParameterList{w}, AdamWOptions{.lr = lr}); });
}

TEST_CASE("Optimizer: a state that does not fit is refused by name, and nothing changes", "[optim]") {
  auto w = parameter({1, 2});
  AdamW optimizer(std::vector<Named>{{"w", w}}, {.lr = 0.1});
  train(optimizer, w, 1);
  const OptimizerState good = optimizer.state_dict();
  using Change = std::function<void(OptimizerState&)>;
  const std::vector<std::pair<std::string, Change>> cases{
      {"no state.w.step", [](auto& s) { s.numbers.erase("state.w.step"); }},
      {"state.w.step must be a whole number", [](auto& s) { s.numbers["state.w.step"] = -1; }},
      {"state.w.step must be a whole number", [](auto& s) { s.numbers["state.w.step"] = std::nan(""); }},
      {"groups.0.amsgrad must be a whole number", [](auto& s) { s.numbers["groups.0.amsgrad"] = 2; }},
      {"state.v.step, which is not known", [](auto& s) { s.numbers["state.v.step"] = 1; }},
      {"lr must be", [](auto& s) { s.numbers["groups.0.lr"] = -1; }},
      {"state.w.exp_avg must have shape (2) but has (3)",
       [](auto& s) { s.tensors["state.w.exp_avg"] = Tensor<float>::zeros({3}); }},
      {"state.w.exp_avg was saved in another precision",
       [](auto& s) { s.tensors["state.w.exp_avg"] = Tensor<double>::zeros({2}); }},
      {"state.w.momentum_buffer, which is not known",
       [](auto& s) { s.tensors["state.w.momentum_buffer"] = Tensor<float>::zeros({2}); }},
  };
  for (const auto& [text, change] : cases) {
    OptimizerState bad = good;
    change(bad);
    const std::string message = thrown<ConfigError>([&, &c = bad] { optimizer.load_state_dict(c); });
    INFO(message);
    CHECK(contains(message, text));
    CHECK(optimizer.state_dict().numbers == good.numbers);
    CHECK(optimizer.state_dict().tensors.size() == good.tensors.size());
  }
}

TEST_CASE("Optimizer: impossible options are refused with the field's name", "[optim]") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  auto w = parameter({1});
  const std::vector<std::pair<std::string, std::function<void()>>> cases{
      {"[SGD] lr", [&] { SGD({w}, {.lr = -1}); }},
      {"[SGD] lr", [&] { SGD({w}, {.lr = nan}); }},
      {"[SGD] momentum", [&] { SGD({w}, {.momentum = -0.1}); }},
      {"[SGD] dampening", [&] { SGD({w}, {.dampening = infinity}); }},
      {"[SGD] weight_decay", [&] { SGD({w}, {.weight_decay = -1}); }},
      {"[SGD] momentum must be positive for nesterov", [&] { SGD({w}, {.nesterov = true}); }},
      {"[SGD] dampening", [&] { SGD({w}, {.momentum = 0.9, .dampening = 0.1, .nesterov = true}); }},
      {"[Adam] lr", [&] { Adam({w}, {.lr = infinity}); }},
      {"[Adam] betas[0]",
       [&] {
         Adam({w}, {.betas = {1.0, 0.9}});
       }},
      {"[Adam] betas[1]",
       [&] {
         Adam({w}, {.betas = {0.9, -0.1}});
       }},
      {"[Adam] eps", [&] { Adam({w}, {.eps = -1}); }},
      {"[AdamW] betas[0]",
       [&] {
         AdamW({w}, {.betas = {nan, 0.9}});
       }},
      {"[AdamW] weight_decay", [&] { AdamW({w}, {.weight_decay = -0.01}); }},
      {"[AdamW] expected at least one parameter", [&] { AdamW(ParameterList{}); }},
      {"[AdamW] expected at least one group", [&] { AdamW(std::vector<AdamW::Group>{}); }},
      {"[AdamW] parameter 1 was given twice",
       [&] {
         AdamW({w, w});
       }},
      {"[AdamW] two parameters are named w",
       [&] {
         AdamW(std::vector<Named>{{"w", w}, {"w", parameter({1})}});
       }},
      {"[AdamW] parameter 0 is undefined", [&] { AdamW({Variable<float>()}); }},
      {"expected a group below 1", [&] { AdamW({w}).set_lr(1, 0.1); }},
      {"[AdamW] lr", [&] { AdamW({w}).set_lr(0, -0.1); }},
      {"[AdamW] eps", [&] { AdamW({w}).set_options(0, {.eps = nan}); }},
      {"not a leaf", [&] { AdamW({record("twice", w.value().clone(), {w}, [](const Tensor<float>&) {})}); }},
  };
  for (const auto& [text, make] : cases) {
    const std::string message = thrown<ConfigError>(make);
    INFO(message);
    CHECK(contains(message, text));
  }
}

}  // namespace optimizer_test
