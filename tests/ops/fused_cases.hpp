// Op cases of the operations that stand for several.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/dropout_add_layer_norm.hpp>
#include <tempa/ops/embeddings_layer_norm.hpp>
#include <tempa/ops/feed_forward.hpp>
#include <tempa/ops/gelu.hpp>
#include <tempa/ops/layer_norm.hpp>
#include <tempa/ops/linear.hpp>

#include <string>

inline const std::string kOpsHaveFixtures = "the operations it stands for have fixtures, and it is compared with them";

/// Calls `visit` with every case.
template <typename Visit>
void fused_cases(Visit&& visit) {
  using namespace tempa;
  visit(OpCase{
      .name = "dropout_add_layer_norm",
      .inputs = {{.shape = {2, 3, 16}}, {.shape = {2, 3, 16}}, {.shape = {16}}, {.shape = {16}}},
      .f =
          [](const auto& in) {
            Generator generator(3);
            return dropout_add_layer_norm(in[0], in[1], in[2], in[3],
                                          {.eps = 1e-5, .drop_prob = 0.3, .generator = &generator});
          },
      .without_fixture = "PyTorch draws other random numbers",
      .sized =
          [](Index n) {
            return Shapes{{3, n}, {3, n}, {n}, {n}};
          },
      .large = {{{1280, 768}, {1280, 768}, {768}, {768}}},
      .errors = {expect_error<ShapeError>("[dropout_add_layer_norm] residual must have shape (2,5) but has (3,5)",
                                          [] {
                                            dropout_add_layer_norm(make_variable({2, 5}), make_variable({3, 5}),
                                                                   make_variable({5}), make_variable({5}));
                                          }),
                 expect_error<ShapeError>("[dropout_add_layer_norm] gamma must have shape (5) but has (4)",
                                          [] {
                                            dropout_add_layer_norm(make_variable({2, 5}), make_variable({2, 5}),
                                                                   make_variable({4}), make_variable({5}));
                                          }),
                 expect_error<ShapeError>("[dropout_add_layer_norm] beta must have shape (5) but has (4)",
                                          [] {
                                            dropout_add_layer_norm(make_variable({2, 5}), make_variable({2, 5}),
                                                                   make_variable({5}), make_variable({4}));
                                          }),
                 expect_error<ValueError>("[dropout_add_layer_norm] drop_prob must be in [0,1] but is 1.5", [] {
                   dropout_add_layer_norm(make_variable({2, 5}), make_variable({2, 5}), make_variable({5}),
                                          make_variable({5}), {.drop_prob = 1.5});
                 })}});
  visit(OpCase{.name = "dropout_add_layer_norm without dropout, many rows",
               .inputs = {{.shape = {7, 3}}, {.shape = {7, 3}}, {.shape = {3}}, {.shape = {3}}},
               .f = [](const auto& in) { return dropout_add_layer_norm(in[0], in[1], in[2], in[3]); },
               .without_fixture = kOpsHaveFixtures,
               .sized =
                   [](Index n) {
                     return Shapes{{n, 3}, {n, 3}, {3}, {3}};
                   },
               .large = {{{1280, 768}, {1280, 768}, {768}, {768}}}});
  visit(OpCase{
      .name = "embeddings_layer_norm",
      .inputs = {{.shape = {5, 4}}, {.shape = {6, 4}}, {.shape = {5, 4}}, {.shape = {4}}, {.shape = {4}}},
      .f =
          [](const auto& in) {
            const Device device = in[0].device();
            const auto ids = [&](Index k) { return make_indices({5}, in[static_cast<std::size_t>(k)].size(0)); };
            Generator generator(5);
            return embeddings_layer_norm({in[0], ids(0).to(device)}, {in[1], ids(1).to(device)},
                                         {in[2], ids(2).to(device)}, in[3], in[4],
                                         {.drop_prob = 0.2, .generator = &generator});
          },
      .without_fixture = "PyTorch draws other random numbers",
      .sized =
          [](Index n) {
            return Shapes{{8, n}, {5, n}, {6, n}, {n}, {n}};
          },
      .large = {{{1000, 768}, {5, 768}, {40, 768}, {768}, {768}}},
      .errors = {expect_error<ValueError>("[embeddings_layer_norm] ids must be in [0,3) but element 0 is 3",
                                          [] {
                                            const auto ids = make_indices({2}, 2), wrong = make_indices({2}, 6);
                                            embeddings_layer_norm<float>(
                                                {make_variable({3, 4}), wrong}, {make_variable({2, 4}), ids},
                                                {make_variable({2, 4}), ids}, make_variable({4}), make_variable({4}));
                                          }),
                 expect_error<ShapeError>("[embeddings_layer_norm] table must have shape (2,4) but has (2,5)", [] {
                   const auto ids = make_indices({2}, 2);
                   embeddings_layer_norm<float>({make_variable({3, 4}), ids}, {make_variable({2, 5}), ids},
                                                {make_variable({2, 4}), ids}, make_variable({4}), make_variable({4}));
                 })}});
  visit(OpCase{
      .name = "feed_forward",
      .inputs = {{.shape = {2, 3, 4}}, {.shape = {6, 4}}, {.shape = {6}}, {.shape = {5, 6}}, {.shape = {5}}},
      .f = [](const auto& in) { return feed_forward(in[0], in[1], in[2], in[3], in[4]); },
      .without_fixture = kOpsHaveFixtures,
      .sized =
          [](Index n) {
            return Shapes{{3, n}, {4, n}, {4}, {n + 1, 4}, {n + 1}};
          },
      .large = {{{512, 128}, {256, 128}, {256}, {128, 256}, {128}},
                {{1280, 768}, {3072, 768}, {3072}, {768, 3072}, {768}}},
      .flops = [](const Shapes& s) { return 4.0 * static_cast<double>(s[0].numel() * s[1][0]); },
      .errors =
          {expect_error<ShapeError>("[feed_forward] x must have 3 columns for weight (6,3) but has shape (2,4)",
                                    [] {
                                      feed_forward(make_variable({2, 4}), make_variable({6, 3}), make_variable({6}),
                                                   make_variable({5, 6}), make_variable({5}));
                                    }),
           expect_error<ShapeError>("[feed_forward] w2 must have shape (5,6) but has (5,7)",
                                    [] {
                                      feed_forward(make_variable({2, 4}), make_variable({6, 4}), make_variable({6}),
                                                   make_variable({5, 7}), make_variable({5}));
                                    }),
           expect_error<ValueError>("[feed_forward] both layers must have a bias but one has none", [] {
             feed_forward(make_variable({2, 4}), make_variable({6, 4}), {}, make_variable({5, 6}), make_variable({5}));
           })}});
  visit(OpCase{.name = "linears",
               .inputs = {{.shape = {3, 4}},
                          {.shape = {5, 4}},
                          {.shape = {5}},
                          {.shape = {5, 4}},
                          {.shape = {5}},
                          {.shape = {5, 4}},
                          {.shape = {5}}},
               .f =
                   [](const auto& in) {
                     return linears(in[0], {{in[1], in[2]}, {in[3], in[4]}, {in[5], in[6]}});
                   },
               .without_fixture = kOpsHaveFixtures,
               .sized =
                   [](Index n) {
                     return Shapes{{3, n}, {9, n}, {9}, {9, n}, {9}, {9, n}, {9}};
                   },
               .large = {{{1280, 768}, {768, 768}, {768}, {768, 768}, {768}, {768, 768}, {768}}},
               .flops = [](const Shapes& s) { return 6.0 * static_cast<double>(s[0].numel() * s[1][0]); },
               .errors = {expect_error<ValueError>("[linears] expected 1 to 3 layers but got 0",
                                                   [] {
                                                     linears<float>(make_variable({3, 4}), {});
                                                   }),
                          expect_error<ShapeError>("[linears] weight must have shape (5,4) but has (6,4)", [] {
                            linears<float>(make_variable({3, 4}), {{make_variable({5, 4}), make_variable({5})},
                                                                   {make_variable({6, 4}), make_variable({6})}});
                          })}});
}
