// Op cases of binary cross-entropy and of the squared error.
#pragma once

#include "ops/named_reductions.hpp"
#include "support/op_case.hpp"

#include <tempa/ops/bce_with_logits.hpp>
#include <tempa/ops/mse_loss.hpp>

/// Calls `visit` with every case of bce_with_logits.
template <typename Visit>
void bce_with_logits_cases(Visit&& visit) {
  using namespace tempa;
  for (const auto& named : named_reductions())
    for (const bool pos_weighted : {false, true})
      for (const bool weighted : {false, true}) {
        const Reduction reduction = named.second;
        visit(OpCase{
            .name =
                "bce_with_logits " + named.first + (pos_weighted ? " pos_weight" : "") + (weighted ? " weight" : ""),
            .inputs = {{.shape = {4, 3}, .low = -6, .high = 6}},
            .f =
                [=](const auto& in) {
                  using T = Accumulator<typename std::decay_t<decltype(in[0])>::value_type>;
                  const Index rows = in[0].size(0), columns = in[0].size(1);
                  auto targets = make_indices(in[0].shape(), 5).template cast<T>();
                  for (T& t : targets.span()) t /= 4;
                  BceWithLogitsOptions<T> options{.reduction = reduction};
                  if (pos_weighted) {
                    options.pos_weight = Tensor<T>(Shape{columns});
                    for (Index k = 0; k < columns; ++k)
                      options.pos_weight.data()[k] = T(0.5) + T(0.25) * static_cast<T>(k);
                  }
                  if (weighted) {
                    options.weight = Tensor<T>(Shape{rows, 1});
                    for (Index i = 0; i < rows; ++i) options.weight.data()[i] = T(1) + T(0.5) * static_cast<T>(i);
                  }
                  options.pos_weight = options.pos_weight.to(in[0].device());
                  options.weight = options.weight.to(in[0].device());
                  return bce_with_logits(in[0], targets.to(in[0].device()), options);
                },
            .fixture = "bce_with_logits",
            .sized =
                [](Index n) {
                  return Shapes{{3, n}};
                },
            .large = {{{1280, 96}}},
            .errors = {expect_error<ShapeError>("[bce_with_logits] targets must have shape (2,3) but has (3,2)",
                                                [] {
                                                  bce_with_logits(make_variable({2, 3}), Tensor<float>::zeros({3, 2}));
                                                }),
                       expect_error<ShapeError>("[bce_with_logits]",
                                                [] {
                                                  bce_with_logits(make_variable({2, 3}), Tensor<float>::zeros({2, 3}),
                                                                  {.pos_weight = Tensor<float>::zeros({2})});
                                                }),
                       expect_error<ShapeError>(
                           "[bce_with_logits] weight of shape (2,2,3) does not broadcast to the logits' shape (2,3)",
                           [] {
                             bce_with_logits(make_variable({2, 3}), Tensor<float>::zeros({2, 3}),
                                             {.weight = Tensor<float>::zeros({2, 2, 3})});
                           })}});
      }
}

/// Calls `visit` with every case of mse_loss.
template <typename Visit>
void mse_loss_cases(Visit&& visit) {
  using namespace tempa;
  for (const auto& named : named_reductions()) {
    const Reduction reduction = named.second;
    visit(OpCase{.name = "mse_loss " + named.first,
                 .inputs = {{.shape = {4, 3}}, {.shape = {4, 3}}},
                 .f = [=](const auto& in) { return mse_loss(in[0], in[1], {.reduction = reduction}); },
                 .fixture = "mse_loss",
                 .sized =
                     [](Index n) {
                       return Shapes{{3, n}, {3, n}};
                     },
                 .large = {{{1280, 96}, {1280, 96}}},
                 .errors = {expect_error<ShapeError>("[mse_loss] target must have shape (2,1) but has (2)", [] {
                   mse_loss(make_variable({2, 1}), make_variable({2}));
                 })}});
  }
}
