// Op cases of the embedding table.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/embedding.hpp>

/// Calls `visit` with every case.
template <typename Visit>
void embedding_cases(Visit&& visit) {
  using namespace tempa;
  using Ids = Tensor<std::int32_t>;
  visit(OpCase{.name = "embedding",
               .inputs = {{.shape = {4, 3}}},
               .f =
                   [](const auto& in) {
                     const Index rows = in[0].size(0);
                     const auto ids = rows > 1000 ? make_indices({1312}, rows) : make_indices({3, 4}, rows);
                     return embedding(in[0], ids.to(in[0].device()));
                   },
               .fixture = "embedding",
               .sized =
                   [](Index n) {
                     return Shapes{{7, n}};
                   },
               .naive =
                   [](const std::vector<Tensor<double>>& in) {
                     const auto ids = make_indices({3, 4}, in[0].size(0));
                     Tensor<double> y({3, 4, in[0].size(1)});
                     for (Index i = 0; i < 3; ++i)
                       for (Index j = 0; j < 4; ++j)
                         for (Index c = 0; c < in[0].size(1); ++c) y.at({i, j, c}) = in[0].at({ids.at({i, j}), c});
                     return y;
                   },
               .large = {{{8192, 256}}, {{30522, 768}}},
               .errors = {expect_error<ValueError>("[embedding] ids must be in [0,4) but element 2 is 4",
                                                   [] {
                                                     embedding(make_variable({4, 3}), Ids::from({0, 3, 4}));
                                                   }),
                          expect_error<ValueError>("[embedding] ids must be in [0,4) but element 0 is -1",
                                                   [] {
                                                     embedding(make_variable({4, 3}), Ids::from({-1}));
                                                   }),
                          expect_error<ShapeError>("[embedding] table must have 2 dimensions but has shape (4)",
                                                   [] { embedding(make_variable({4}), Ids::from({0})); }),
                          expect_error<ValueError>("[embedding] padding_idx must be in [0,4) but is 4", [] {
                            embedding(make_variable({4, 3}), Ids::from({0}), {.padding_idx = 4});
                          })}});
  // Finite differences do not see that the padding row gets no gradient: with 32 rows, the ids leave row 16 out.
  visit(OpCase{.name = "embedding with padding",
               .inputs = {{.shape = {32, 3}}},
               .f =
                   [](const auto& in) {
                     const Index rows = in[0].size(0);
                     return embedding(in[0], make_indices({11}, rows).to(in[0].device()), {.padding_idx = rows / 2});
                   },
               .fixture = "embedding",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 5}};
                   },
               .large = {{{64, 256}}}});
}
