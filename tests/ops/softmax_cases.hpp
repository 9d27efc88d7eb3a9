// Op cases of softmax and its logarithm.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/softmax.hpp>

#include <cmath>
#include <string>
#include <utility>

/// Softmax along the last axis by the formula.
inline tempa::Tensor<double> naive_softmax(const tempa::Tensor<double>& x, bool logarithm) {
  const auto [rows, cols] = x.shape().flatten_to_2d();
  tempa::Tensor<double> y(x.shape());
  for (tempa::Index i = 0; i < rows; ++i) {
    const double* row = x.data() + i * cols;
    const double max = *std::max_element(row, row + cols);
    double sum = 0;
    for (tempa::Index j = 0; j < cols; ++j) sum += std::exp(row[j] - max);
    for (tempa::Index j = 0; j < cols; ++j)
      y.data()[i * cols + j] = logarithm ? row[j] - max - std::log(sum) : std::exp(row[j] - max) / sum;
  }
  return y;
}

/// Calls `visit` with every case.
template <typename Visit>
void softmax_cases(Visit&& visit) {
  using namespace tempa;
  using In = std::vector<Tensor<double>>;
  const auto make = [](std::string name, OpFunction f, std::function<Shapes(Index)> sized, Shapes large,
                       std::function<Tensor<double>(const In&)> naive = nullptr) {
    const auto logarithm_of = [](const Tensor<double>& y) {
      Tensor<double> x(y.shape());
      std::transform(y.span().begin(), y.span().end(), x.data(), [](double p) { return std::log(p); });
      return x;
    };
    const bool is_logarithm = name.starts_with("log");
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = {2, 3, 4}, .low = -8, .high = 8}},
                  .f = std::move(f),
                  .fixture = "softmax",
                  .sized = std::move(sized),
                  .naive = std::move(naive),
                  .inverse = [=](const Tensor<double>& y) { return is_logarithm ? y : logarithm_of(y); },
                  .large = {std::move(large)}};
  };
  auto first = make(
      "softmax", [](const auto& in) { return softmax(in[0]); },
      [](Index n) {
        return Shapes{{3, n}};
      },
      {{15360, 64}}, [](const In& in) { return naive_softmax(in[0], false); });
  first.large.push_back({{1280, 1024}});
  first.errors = {
      expect_error<ShapeError>("[softmax] axis 2 is outside of shape (2,3)",
                               [] {
                                 softmax(make_variable({2, 3}), 2);
                               }),
      expect_error<ShapeError>("[log_softmax] axis -1 is outside of shape ()", [] { log_softmax(make_variable({})); })};
  visit(first);
  visit(make(
      "softmax middle", [](const auto& in) { return softmax(in[0], 1); },
      [](Index n) {
        return Shapes{{2, 3, n}};
      },
      {{40, 32, 1024}}));
  visit(make(
      "softmax first", [](const auto& in) { return softmax(in[0], 0); },
      [](Index n) {
        return Shapes{{n, 3}};
      },
      {{1280, 1024}}));
  visit(make(
      "log_softmax", [](const auto& in) { return log_softmax(in[0], -1); },
      [](Index n) {
        return Shapes{{3, n}};
      },
      {{1280, 1024}}, [](const In& in) { return naive_softmax(in[0], true); }));
  visit(make(
      "log_softmax middle", [](const auto& in) { return log_softmax(in[0], 1); },
      [](Index n) {
        return Shapes{{2, n, 5}};
      },
      {{40, 32, 1024}}));
}
