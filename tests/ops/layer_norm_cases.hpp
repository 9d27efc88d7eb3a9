// Op cases of layer normalisation.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/layer_norm.hpp>

/// Calls `visit` with every case.
template <typename Visit>
void layer_norm_cases(Visit&& visit) {
  using namespace tempa;
  visit(OpCase{
      .name = "layer_norm",
      .inputs = {{.shape = {2, 3, 5}}, {.shape = {5}}, {.shape = {5}}},
      .f = [](const auto& in) { return layer_norm(in[0], in[1], in[2], 1e-5); },
      .fixture = "layer_norm",
      .sized =
          [](Index n) {
            return Shapes{{3, n}, {n}, {n}};
          },
      .naive =
          [](const std::vector<Tensor<double>>& in) {
            const Index rows = in[0].size(0), cols = in[0].size(1);
            Tensor<double> y(in[0].shape());
            for (Index i = 0; i < rows; ++i) {
              double mean = 0, variance = 0;
              for (Index j = 0; j < cols; ++j) mean += in[0].at({i, j}) / static_cast<double>(cols);
              for (Index j = 0; j < cols; ++j)
                variance += std::pow(in[0].at({i, j}) - mean, 2) / static_cast<double>(cols);
              for (Index j = 0; j < cols; ++j)
                y.at({i, j}) = (in[0].at({i, j}) - mean) / std::sqrt(variance + 1e-5) * in[1].at({j}) + in[2].at({j});
            }
            return y;
          },
      .large = {{{1280, 768}, {768}, {768}}, {{1280, 256}, {256}, {256}}},
      .errors = {expect_error<ShapeError>("[layer_norm] gamma must have shape (5) but has (4)",
                                          [] {
                                            layer_norm(make_variable({2, 5}), make_variable({4}), make_variable({5}));
                                          }),
                 expect_error<ShapeError>("[layer_norm] beta must have shape (5) but has (5,1)", [] {
                   layer_norm(make_variable({2, 5}), make_variable({5}), make_variable({5, 1}));
                 })}});
  visit(OpCase{.name = "layer_norm many rows",
               .inputs = {{.shape = {7, 3}}, {.shape = {3}}, {.shape = {3}}},
               .f = [](const auto& in) { return layer_norm(in[0], in[1], in[2], 1e-12); },
               .fixture = "layer_norm",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 3}, {3}, {3}};
                   },
               .large = {{{4096, 64}, {64}, {64}}}});
}
