#include <tempa/nn/activation.hpp>
#include <tempa/nn/batch_norm1d.hpp>
#include <tempa/nn/dropout.hpp>
#include <tempa/nn/linear.hpp>
#include <tempa/nn/module.hpp>
#include <tempa/nn/sequential.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

namespace module_test {

using namespace tempa;

namespace {

/// A user's module: no base class, a list, a shared parameter and a layer without bias.
struct Tower {
  std::vector<Linear<float>> steps;
  Linear<float> out{3, 2, {.bias = false}};
  Variable<float> shared = steps.empty() ? out.weight : steps[0].weight;
  Dropout dropout{0.5};

  void visit(auto&& f) {
    f("steps", steps);
    f("out", out);
    f("shared", shared);
    f("dropout", dropout);
  }
};

std::vector<std::string> names(const std::vector<NamedParameter<float>>& parameters) {
  std::vector<std::string> result;
  for (const auto& parameter : parameters) result.push_back(parameter.name);
  return result;
}

Variable<float> ones(Shape shape) { return Variable<float>(Tensor<float>::full(shape, 1.0f)); }

}  // namespace

TEST_CASE("named_parameters: names join with dots, lists count, shared parameters appear once", "[nn]") {
  Tower tower{.steps = {Linear<float>(3, 3), Linear<float>(3, 3)}};
  CHECK(names(named_parameters<float>(tower)) ==
        std::vector<std::string>{"steps.0.weight", "steps.0.bias", "steps.1.weight", "steps.1.bias", "out.weight"});
  CHECK(parameter_count(tower) == 2 * (9 + 3) + 6);
  CHECK(state_dict(tower).contains("shared"));
}

TEST_CASE("set_training and set_requires_grad reach every part", "[nn]") {
  Tower tower{.steps = {Linear<float>(3, 3)}};
  set_training(tower, false);
  CHECK_FALSE(tower.dropout.mode);
  set_requires_grad(tower.steps[0], false);
  CHECK_FALSE(tower.steps[0].weight.requires_grad());
  CHECK(tower.out.weight.requires_grad());
}

TEST_CASE("load_state_dict: copies what fits and reports the rest", "[nn]") {
  manual_seed(1);
  Linear<float> from(3, 2), to(3, 2), other(3, 4);
  CHECK(to.load_state_dict(from.state_dict()).complete());
  CHECK(to.weight.value().to_vector() == from.weight.value().to_vector());
  CHECK_FALSE(to.weight.node() == from.weight.node());
  const LoadReport report = other.load_state_dict(from.state_dict());
  CHECK(report.mismatched.size() == 2);
  CHECK(report.loaded.empty());
}

TEMPLATE_TEST_CASE("load_state_dict: a 16-bit parameter remembers what it was rounded from", "[nn]", bfloat16,
                   float16) {
  using T = TestType;
  manual_seed(1);
  Linear<float> from(3, 2);
  manual_seed(1);
  Linear<T> to(3, 2);
  const auto is_rounded_from = [&to](const Tensor<float>& values) {
    CHECK(to.weight.unrounded().to_vector() == values.to_vector());
    CHECK(to.weight.value().template cast<float>().to_vector() ==
          values.template cast<T>().template cast<float>().to_vector());
  };
  is_rounded_from(from.weight.value());  // as it is made
  from.weight.mutable_value().data()[4] = 0.1f;
  CHECK(to.load_state_dict(from.state_dict()).complete());
  is_rounded_from(from.weight.value());
  CHECK(to.weight.unrounded().data() != from.weight.value().data());
  Linear<double> wide(3, 2);
  to.load_state_dict(wide.state_dict());
  is_rounded_from(wide.weight.value().template cast<float>());
  Linear<T> same(3, 2);
  to.load_state_dict(same.state_dict());
  CHECK(to.weight.unrounded().empty());  // nothing was lost
  CHECK(to.weight.value().template cast<float>().to_vector() == same.weight.value().template cast<float>().to_vector());
}

TEST_CASE("load_state_dict: of the names of a shared parameter the last one counts, as in PyTorch", "[nn]") {
  Tower tower;
  StateDict state;
  state.insert("shared", Tensor<float>::full({2, 3}, 2.0f));
  state.insert("out.weight", Tensor<float>::full({2, 3}, 1.0f));
  CHECK(load_state_dict(tower, state).complete());
  CHECK(tower.out.weight.value().to_vector() == std::vector<float>(6, 2.0f));
}

TEST_CASE("Linear: starts as torch.nn.Linear does and refuses impossible sizes", "[nn]") {
  manual_seed(2);
  Linear<double> layer(100, 50);
  for (const auto& parameter : layer.parameters())
    for (const double value : parameter.value().span()) CHECK(std::abs(value) <= 0.1);
  CHECK_THROWS_AS(Linear<double>(0, 3), ConfigError);
  CHECK_THROWS_AS(Dropout(1.5), ConfigError);
}

TEST_CASE("Sequential: applies its layers in order and names them by position", "[nn]") {
  manual_seed(3);
  Sequential head{Dropout(0.2), Linear<float>(4, 3), BatchNorm1d<float>(3), Relu{}, Linear<float>(3, 2)};
  CHECK(names(named_parameters<float>(head)) ==
        std::vector<std::string>{"1.weight", "1.bias", "2.weight", "2.bias", "4.weight", "4.bias"});
  CHECK(state_dict(head).contains("2.running_var"));
  CHECK(head(ones({5, 4})).shape() == Shape{5, 2});
  set_training(head, false);
  auto& [dropout, first, norm, relu_layer, last] = head.layers;
  const auto expected = last(relu_layer(norm(first(ones({5, 4})))));
  CHECK(head(ones({5, 4})).value().to_vector() == expected.value().to_vector());
}

TEST_CASE("Dropout: the identity in evaluation, zeros and scaled ones in training", "[nn]") {
  manual_seed(4);
  Dropout dropout(0.5);
  bool zero = false, two = false;
  for (const float value : dropout(ones({1000})).value().to_vector()) {
    CHECK((value == 0.0f || value == 2.0f));
    zero = zero || value == 0.0f;
    two = two || value == 2.0f;
  }
  CHECK((zero && two));
  set_training(dropout, false);
  CHECK(dropout(ones({3})).value().to_vector() == std::vector<float>{1, 1, 1});
}

TEST_CASE("parse_activation: knows Hugging Face's names", "[nn]") {
  CHECK(parse_activation("x", "gelu") == Activation::kGelu);
  CHECK(parse_activation("x", "gelu_new") == Activation::kGeluTanh);
  CHECK_THROWS_AS(parse_activation("hidden_act", "Gelu"), ConfigError);
}

}  // namespace module_test
