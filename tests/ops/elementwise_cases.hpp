// Op cases of the functions of one element.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/activation.hpp>
#include <tempa/ops/cast.hpp>
#include <tempa/ops/elementary.hpp>
#include <tempa/ops/gelu.hpp>

#include <cmath>
#include <string>
#include <utility>

/// The case of one function. @param naive the same function of one double, from the standard library.
/// @param inverse its inverse, where the derivative is a formula of the output.
template <typename Naive>
OpCase elementwise_case(std::string name, OpFunction f, Naive naive, double low = -6, double high = 6,
                        double (*inverse)(double) = nullptr) {
  using namespace tempa;
  const auto map = [](auto function) {
    return [function](const Tensor<double>& x) {
      Tensor<double> y(x.shape());
      std::transform(x.span().begin(), x.span().end(), y.data(), function);
      return y;
    };
  };
  return {.name = std::move(name),
          .inputs = {{.shape = {3, 5}, .low = low, .high = high}},
          .f = std::move(f),
          .fixture = "elementwise",
          .sized = [](Index n) { return Shapes{{n}}; },
          .naive = [map, naive](const std::vector<Tensor<double>>& in) { return map(naive)(in[0]); },
          .inverse = inverse == nullptr ? nullptr : std::function<Tensor<double>(const Tensor<double>&)>(map(inverse)),
          .large = {{{1280, 1024}}}};
}

/// Calls `visit` with every case.
template <typename Visit>
void elementwise_cases(Visit&& visit) {
  using namespace tempa;
  const auto make = [](auto... arguments) { return elementwise_case(std::move(arguments)...); };
  visit(make(
      "gelu", [](const auto& in) { return gelu(in[0]); },
      [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }));
  visit(make(
      "gelu_tanh", [](const auto& in) { return gelu_tanh(in[0]); },
      [](double x) {
        return 0.5 * x * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
      }));
  visit(make(
      "relu", [](const auto& in) { return relu(in[0]); }, [](double x) { return x > 0 ? x : 0.0; }));
  visit(make(
      "leaky_relu", [](const auto& in) { return leaky_relu(in[0], 0.1); },
      [](double x) { return x > 0 ? x : 0.1 * x; }));
  visit(make(
      "tanh", [](const auto& in) { return tanh(in[0]); }, [](double x) { return std::tanh(x); }, -6.0, 6.0,
      [](double y) { return std::atanh(y); }));
  visit(make(
      "sigmoid", [](const auto& in) { return sigmoid(in[0]); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -6.0,
      6.0, [](double y) { return std::log(y / (1 - y)); }));
  visit(make(
      "silu", [](const auto& in) { return silu(in[0]); }, [](double x) { return x / (1 + std::exp(-x)); }));
  visit(make(
      "softplus", [](const auto& in) { return softplus(in[0]); }, [](double x) { return std::log(1 + std::exp(x)); }));
  visit(make(
      "exp", [](const auto& in) { return exp(in[0]); }, [](double x) { return std::exp(x); }, -6.0, 6.0,
      [](double y) { return std::log(y); }));
  visit(make(
      "log", [](const auto& in) { return log(in[0]); }, [](double x) { return std::log(x); }, 0.25, 8));
  visit(make(
      "erf", [](const auto& in) { return erf(in[0]); }, [](double x) { return std::erf(x); }, -3, 3));
  visit(make(
      "sqrt", [](const auto& in) { return sqrt(in[0]); }, [](double x) { return std::sqrt(x); }, 0.25, 8,
      [](double y) { return y * y; }));
  visit(make(
      "square", [](const auto& in) { return square(in[0]); }, [](double x) { return x * x; }));
  visit(make(
      "abs", [](const auto& in) { return abs(in[0]); }, [](double x) { return std::abs(x); }));
  visit(make(
      "neg", [](const auto& in) { return neg(in[0]); }, [](double x) { return -x; }));
  visit(make(
      "cast", []<typename T>(const std::vector<Variable<T>>& in) { return cast<T>(square(cast<double>(in[0]))); },
      [](double x) { return x * x; }));
}
