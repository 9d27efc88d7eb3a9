// Op cases of reductions.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/reduction.hpp>

#include <string>
#include <utility>

/// Sum of all elements in long double, times a factor.
inline tempa::Tensor<double> naive_sum(const tempa::Tensor<double>& x, double factor) {
  long double sum = 0;
  for (const double value : x.span()) sum += value;
  return tempa::Tensor<double>::full(tempa::Shape{}, static_cast<double>(sum) * factor);
}

/// Calls `visit` with every case.
template <typename Visit>
void reduction_cases(Visit&& visit) {
  using namespace tempa;
  using In = std::vector<Tensor<double>>;
  const auto make = [](std::string name, OpFunction f, std::function<Shapes(Index)> sized,
                       std::function<Tensor<double>(const In&)> naive = nullptr, Shapes large = {{40, 32, 1024}}) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = {2, 3, 4}, .distinct = true}},
                  .f = std::move(f),
                  .fixture = "reduction",
                  .sized = std::move(sized),
                  .naive = std::move(naive),
                  .large = {std::move(large)}};
  };
  const auto first = [](Index n) { return Shapes{{n, 2, 5}}; };
  const auto middle = [](Index n) { return Shapes{{2, n, 5}}; };
  const auto last = [](Index n) { return Shapes{{2, 5, n}}; };
  auto all = make(
      "sum", [](const auto& in) { return sum(in[0]); },
      [](Index n) {
        return Shapes{{7, 2, n}};
      },
      [](const In& in) { return naive_sum(in[0], 1.0); });
  all.errors = {
      expect_error<ShapeError>("[sum] axis 2 is outside of shape (2,3)",
                               [] {
                                 sum(make_variable({2, 3}), 2);
                               }),
      expect_error<ShapeError>("[mean] axis -3 is outside of shape (2,3)",
                               [] {
                                 mean(make_variable({2, 3}), -3);
                               }),
      expect_error<ShapeError>("[variance] axis 1 is outside of shape (2)", [] { variance(make_variable({2}), 1); }),
      expect_error<ShapeError>("[max] expected at least one element but has shape (2,0)",
                               [] {
                                 max(make_variable({2, 0}));
                               }),
      expect_error<ShapeError>("[max] axis 0 is outside of shape ()", [] { max(make_variable({}), 0); }),
      expect_error<ShapeError>("[argmax] expected at least one element but has shape (2,0)", [] {
        argmax(Tensor<float>(Shape{2, 0}));
      })};
  visit(all);
  visit(make(
      "sum first", [](const auto& in) { return sum(in[0], 0); }, first));
  visit(make(
      "sum middle", [](const auto& in) { return sum(in[0], 1, true); }, middle));
  visit(make(
      "sum last", [](const auto& in) { return sum(in[0], -1); }, last));
  visit(make(
      "mean", [](const auto& in) { return mean(in[0]); }, last,
      [](const In& in) { return naive_sum(in[0], 1 / static_cast<double>(in[0].numel())); }));
  visit(make(
      "mean last", [](const auto& in) { return mean(in[0], -1, true); }, last));
  visit(make(
      "variance", [](const auto& in) { return variance(in[0], 1); },
      [](Index n) {
        return Shapes{{2, n + 1, 3}};
      }));
  visit(make(
      "variance without correction", [](const auto& in) { return variance(in[0], -1, 0, true); }, last));
  visit(make(
      "max", [](const auto& in) { return max(in[0]); }, last,
      [](const In& in) {
        return Tensor<double>::full(Shape{}, *std::max_element(in[0].span().begin(), in[0].span().end()));
      }));
  visit(make(
      "max first", [](const auto& in) { return max(in[0], 0); }, first));
  visit(make(
      "max last", [](const auto& in) { return max(in[0], -1, true); }, last));
}
