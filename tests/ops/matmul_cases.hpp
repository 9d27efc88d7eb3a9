// Op cases of matrix products.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/matmul.hpp>

#include <string>
#include <utility>

/// Calls `visit` with every case.
template <typename Visit>
void matmul_cases(Visit&& visit) {
  using namespace tempa;
  const auto make = [](std::string name, Shapes shapes, std::function<Shapes(Index)> sized, Shapes large) {
    return OpCase{.name = std::move(name),
                  .inputs = {{.shape = shapes[0]}, {.shape = shapes[1]}},
                  .f = [](const auto& in) { return matmul(in[0], in[1]); },
                  .fixture = "matmul",
                  .sized = std::move(sized),
                  .large = {std::move(large)},
                  .flops =
                      [](const Shapes& s) {
                        const auto plan = detail::plan_matmul(s[0], s[1]);
                        return 2.0 * static_cast<double>(plan.result.numel() * plan.k);
                      }};
  };
  auto first = make("matmul", {{3, 4}, {4, 5}},
                    [](Index n) {
                      return Shapes{{3, n}, {n, 5}};
                    },
                    {{320, 256}, {256, 192}});
  first.naive = [](const std::vector<Tensor<double>>& in) {
    Tensor<double> c = Tensor<double>::zeros({in[0].size(0), in[1].size(1)});
    for (Index i = 0; i < c.size(0); ++i)
      for (Index j = 0; j < c.size(1); ++j)
        for (Index k = 0; k < in[0].size(1); ++k) c.at({i, j}) += in[0].at({i, k}) * in[1].at({k, j});
    return c;
  };
  first.large.push_back({{1280, 768}, {768, 768}});
  first.errors = {expect_error<ShapeError>("[matmul] b must have 3 rows for a (2,3) but has shape (4,5)",
                                           [] {
                                             matmul(make_variable({2, 3}), make_variable({4, 5}));
                                           }),
                  expect_error<ShapeError>("[matmul] b must have 3 rows for a (2,3) but has shape (2)",
                                           [] {
                                             matmul(make_variable({2, 3}), make_variable({2}));
                                           }),
                  expect_error<ShapeError>("[matmul] expected at least one dimension but the shapes are () and (2)",
                                           [] { matmul(make_variable({}), make_variable({2})); }),
                  expect_error<ShapeError>("[matmul] shapes (2) and (3) cannot be broadcast", [] {
                    matmul(make_variable({2, 4, 5}), make_variable({3, 5, 4}));
                  })};
  visit(first);
  visit(make("matmul vectors", {{4}, {4}}, [](Index n) { return Shapes{{n}, {n}}; }, {{65536}, {65536}}));
  visit(make("matmul row vector", {{4}, {4, 5}}, [](Index n) { return Shapes{{n}, {n, 3}}; }, {{768}, {768, 768}}));
  visit(make("matmul column vector", {{2, 3, 4}, {4}},
             [](Index n) {
               return Shapes{{2, n, 3}, {3}};
             },
             {{8, 160, 768}, {768}}));
  visit(make("matmul row vector and batch", {{4}, {2, 4, 3}},
             [](Index n) {
               return Shapes{{3}, {2, 3, n}};
             },
             {{64}, {96, 64, 40}}));
  visit(make("matmul batch", {{4, 3, 2}, {4, 2, 3}},
             [](Index n) {
               return Shapes{{n, 2, 3}, {n, 3, 2}};
             },
             {{96, 40, 64}, {96, 64, 40}}));
  visit(make("matmul batch and matrix", {{2, 3, 4}, {4, 5}},
             [](Index n) {
               return Shapes{{3, 2, n}, {n, 3}};
             },
             {{32, 40, 256}, {256, 256}}));
  visit(make("matmul matrix and batch", {{3, 4}, {2, 4, 5}},
             [](Index n) {
               return Shapes{{n, 4}, {2, 4, 3}};
             },
             {{40, 64}, {32, 64, 40}}));
  visit(make("matmul broadcast both ways", {{2, 1, 3, 4}, {3, 4, 2}},
             [](Index n) {
               return Shapes{{2, 1, 3, n}, {3, n, 2}};
             },
             {{8, 1, 40, 64}, {12, 64, 40}}));
  visit(make("matmul broadcast inside", {{2, 3, 1, 2, 3}, {2, 1, 2, 3, 2}},
             [](Index n) {
               return Shapes{{2, 3, 1, 2, n}, {2, 1, 2, n, 3}};
             },
             {{4, 3, 1, 40, 64}, {4, 1, 5, 64, 40}}));
}
