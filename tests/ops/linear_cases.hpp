// Op cases of the affine map.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/linear.hpp>

/// Calls `visit` with every case.
template <typename Visit>
void linear_cases(Visit&& visit) {
  using namespace tempa;
  visit(
      OpCase{.name = "linear",
             .inputs = {{.shape = {2, 3, 4}}, {.shape = {5, 4}}, {.shape = {5}}},
             .f = [](const auto& in) { return linear(in[0], in[1], in[2]); },
             .fixture = "linear",
             .sized =
                 [](Index n) {
                   return Shapes{{3, n}, {n + 1, n}, {n + 1}};
                 },
             .large = {{{512, 256}, {1024, 256}, {1024}},
                       {{1280, 768}, {768, 768}, {768}},
                       {{1280, 768}, {3072, 768}, {3072}}},
             .flops = [](const Shapes& s) { return 2.0 * static_cast<double>(s[0].numel() * s[1][0]); },
             .errors = {expect_error<ShapeError>("[linear] x must have 4 columns for weight (5,4) but has shape (2,3)",
                                                 [] {
                                                   linear(make_variable({2, 3}), make_variable({5, 4}));
                                                 }),
                        expect_error<ShapeError>("[linear] weight must have 2 dimensions but has shape (4)",
                                                 [] {
                                                   linear(make_variable({2, 4}), make_variable({4}));
                                                 }),
                        expect_error<ShapeError>("[linear] bias must have shape (5) but has (4)", [] {
                          linear(make_variable({2, 4}), make_variable({5, 4}), make_variable({4}));
                        })}});
  visit(OpCase{.name = "linear without bias",
               .inputs = {{.shape = {3, 4}}, {.shape = {5, 4}}},
               .f = [](const auto& in) { return linear(in[0], in[1]); },
               .fixture = "linear",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 5}, {3, 5}};
                   },
               .large = {{{1280, 768}, {3, 768}}},
               .flops = [](const Shapes& s) { return 2.0 * static_cast<double>(s[0].numel() * s[1][0]); }});
}
