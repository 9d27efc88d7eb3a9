// Op cases of arithmetic with broadcasting.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/arithmetic.hpp>

#include <string>
#include <utility>

/// The case of one operation of two operands. @param sized the operands' shapes for a size. @param low, high of the
/// second.
inline OpCase arithmetic_case(std::string name, OpFunction f, Shapes shapes, std::function<Shapes(tempa::Index)> sized,
                              Shapes large, double low = -2, double high = 2) {
  // Each operand on its own grid of values, so that no two are equal.
  return {.name = std::move(name),
          .inputs = {{.shape = shapes[0], .distinct = true}, {.shape = shapes[1], .low = low, .high = high}},
          .f = std::move(f),
          .fixture = "arithmetic",
          .sized = std::move(sized),
          .large = {std::move(large)}};
}

/// Calls `visit` with every case.
template <typename Visit>
void arithmetic_cases(Visit&& visit) {
  using namespace tempa;
  const auto same = [](Index n) { return Shapes{{3, n}, {3, n}}; };
  const auto row = [](Index n) { return Shapes{{3, n}, {n}}; };
  const auto column = [](Index n) { return Shapes{{n, 1}, {n, 3}}; };
  const Shapes large_same{{1280, 1024}, {1280, 1024}}, large_row{{1280, 1024}, {1024}},
      large_column{{1280, 1}, {1280, 1024}};
  auto first = arithmetic_case(
      "add", [](const auto& in) { return in[0] + in[1]; }, {{3, 4}, {3, 4}}, same, large_same);
  first.errors = {expect_error<ShapeError>("[add] shapes (2,3) and (2,4) cannot be broadcast",
                                           [] {
                                             add(make_variable({2, 3}), make_variable({2, 4}));
                                           }),
                  expect_error<ShapeError>("[mul] shapes (2,1,3) and (5,2) cannot be broadcast", [] {
                    make_variable({2, 1, 3}) * make_variable({5, 2});
                  })};
  visit(first);
  visit(arithmetic_case(
      "add row", [](const auto& in) { return in[0] + in[1]; }, {{2, 3, 4}, {4}}, row, large_row));
  visit(arithmetic_case(
      "sub", [](const auto& in) { return in[0] - in[1]; }, {{3, 4}, {3, 4}}, same, large_same));
  visit(arithmetic_case(
      "sub column", [](const auto& in) { return in[0] - in[1]; }, {{3, 1}, {3, 4}}, column, large_column));
  visit(arithmetic_case(
      "mul", [](const auto& in) { return in[0] * in[1]; }, {{3, 4}, {3, 4}}, same, large_same));
  visit(arithmetic_case(
      "mul both ways", [](const auto& in) { return in[0] * in[1]; }, {{2, 1, 4, 1}, {3, 1, 5}},
      [](Index n) {
        return Shapes{{2, 1, n, 1}, {3, 1, 5}};
      },
      {{16, 1, 80, 1}, {4, 1, 64}}));
  visit(arithmetic_case(
      "mul scalar tensor", [](const auto& in) { return in[0] * in[1]; }, {{}, {3, 4}},
      [](Index n) {
        return Shapes{{}, {n}};
      },
      {{}, {1280, 1024}}));
  visit(arithmetic_case(
      "div", [](const auto& in) { return in[0] / in[1]; }, {{3, 4}, {3, 4}}, same, large_same, 0.5, 3));
  visit(arithmetic_case(
      "div row", [](const auto& in) { return in[0] / in[1]; }, {{4}, {3, 4}},
      [](Index n) {
        return Shapes{{n}, {3, n}};
      },
      {{1024}, {1280, 1024}}, 0.5, 3));
  visit(arithmetic_case(
      "maximum", [](const auto& in) { return maximum(in[0], in[1]); }, {{3, 4}, {4}}, row, large_row));
  visit(arithmetic_case(
      "minimum", [](const auto& in) { return minimum(in[0], in[1]); }, {{3, 4}, {3, 1}},
      [](Index n) {
        return Shapes{{n, 3}, {n, 1}};
      },
      {{1280, 1024}, {1280, 1}}));
  const auto constants = [](std::string name, OpFunction f, double (*naive)(double)) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = {3, 4}, .low = 0.5, .high = 3}},
                  .f = std::move(f),
                  .fixture = "arithmetic",
                  .sized = [](Index n) { return Shapes{{n}}; },
                  .naive =
                      [naive](const std::vector<Tensor<double>>& in) {
                        Tensor<double> y(in[0].shape());
                        std::transform(in[0].span().begin(), in[0].span().end(), y.data(), naive);
                        return y;
                      },
                  .large = {{{1280, 1024}}}};
  };
  visit(constants(
      "constants", [](const auto& in) { return 0.5 + 2 * -(3 - in[0]) / 7 - 1.25; },
      [](double x) { return 0.5 + 2 * -(3 - x) / 7 - 1.25; }));
  visit(constants(
      "constant over variable", [](const auto& in) { return (1.5 / in[0] + 4) * 0.25; },
      [](double x) { return (1.5 / x + 4) * 0.25; }));
}
