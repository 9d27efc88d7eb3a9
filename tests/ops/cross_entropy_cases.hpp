// Op cases of cross-entropy: every reduction with and without class weights, smoothing and ignored rows.
#pragma once

#include "ops/named_reductions.hpp"
#include "support/op_case.hpp"

#include <tempa/ops/cross_entropy.hpp>

/// Calls `visit` with every case.
template <typename Visit>
void cross_entropy_cases(Visit&& visit) {
  using namespace tempa;
  const auto call = [](Shape logits, const std::vector<std::int32_t>& labels, CrossEntropyOptions options = {}) {
    return [=] { cross_entropy(make_variable(logits), Tensor<std::int32_t>::from(labels), options); };
  };
  for (const auto& named : named_reductions())
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.25})
        for (const bool ignoring : {false, true}) {
          const Reduction reduction = named.second;
          const auto options_for = [=](Index classes) {
            CrossEntropyOptions options{
                .ignore_index = 1 - classes, .label_smoothing = smoothing, .reduction = reduction};
            for (Index k = 0; weighted && k < classes; ++k)
              options.class_weights.push_back(0.5 + 0.25 * static_cast<double>(k));
            return options;
          };
          const auto labels_for = [=](Index rows, Index classes) {
            auto labels = make_indices({rows}, classes);
            for (Index i = 0; ignoring && i < rows; i += 3) labels.data()[i] = static_cast<std::int32_t>(1 - classes);
            return labels;
          };
          visit(OpCase{
              .name = "cross_entropy " + named.first + (weighted ? " weighted" : "") +
                      (smoothing > 0 ? " smoothed" : "") + (ignoring ? " ignoring" : ""),
              .inputs = {{.shape = {5, 4}}},
              .f =
                  [=](const auto& in) {
                    const Index rows = in[0].size(0), classes = in[0].size(1);
                    return cross_entropy(in[0], labels_for(rows, classes).to(in[0].device()), options_for(classes));
                  },
              .fixture = "cross_entropy",
              .sized =
                  [](Index n) {
                    return Shapes{{4, n + 1}};
                  },
              .large = {{{1280, 768}}, {{32, 3}}},
              .errors = {expect_error<ValueError>("[cross_entropy] labels must be in [0,3) but row 1 has 3",
                                                  call({2, 3}, {0, 3})),
                         expect_error<ValueError>("[cross_entropy] labels must be in [0,3) but row 0 has -1",
                                                  call({2, 3}, {-1, 3})),
                         expect_error<ShapeError>("[cross_entropy] labels must have shape (2) but has (3)",
                                                  call({2, 3}, {0, 1, 2})),
                         expect_error<ShapeError>("[cross_entropy] logits must have 2 dimensions but has shape (3)",
                                                  call({3}, {0, 1, 2})),
                         expect_error<ShapeError>("[cross_entropy] class_weights must have shape (3) but has (2)",
                                                  call({2, 3}, {0, 1}, {.class_weights = {1, 2}})),
                         expect_error<ValueError>("[cross_entropy] label_smoothing must be in [0,1] but is 1.5",
                                                  call({2, 3}, {0, 1}, {.label_smoothing = 1.5}))}});
        }
}
