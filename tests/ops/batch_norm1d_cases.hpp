// Op cases of batch normalisation.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/batch_norm1d.hpp>

/// Batch normalisation with running mean c / 4 and running variance 1 + c / 2 of channel c. @param in x, gamma, beta.
template <typename T>
tempa::Variable<T> batch_norm_of(const Inputs<T>& in, bool training, double eps) {
  using namespace tempa;
  using A = Accumulator<T>;
  Tensor<A> mean(Shape{in[0].size(1)}), variance(Shape{in[0].size(1)});  // (C)
  for (Index c = 0; c < mean.numel(); ++c) {
    mean.data()[c] = A(0.25) * static_cast<A>(c);
    variance.data()[c] = A(1) + A(0.5) * static_cast<A>(c);
  }
  const auto parameter = [&](std::size_t k) { return in.size() > k ? in[k] : Variable<T>(); };
  mean = mean.to(in[0].device());
  variance = variance.to(in[0].device());
  return batch_norm1d(in[0], parameter(1), parameter(2), mean, variance, Tensor<std::int64_t>::zeros({}), training,
                      {.eps = eps});
}

/// Calls `visit` with every case.
template <typename Visit>
void batch_norm1d_cases(Visit&& visit) {
  using namespace tempa;
  const auto call = [](Shape x, Index gamma, Index running, bool training, BatchNorm1dOptions options = {},
                       Tensor<std::int64_t> count = {}) {
    return [=] {
      batch_norm1d(make_variable(x), make_variable({gamma}), make_variable({gamma}), Tensor<float>::zeros({running}),
                   Tensor<float>::zeros({running}), count, training, options);
    };
  };
  visit(OpCase{
      .name = "batch_norm1d",
      .inputs = {{.shape = {5, 3}}, {.shape = {3}}, {.shape = {3}}},
      .f = [](const auto& in) { return batch_norm_of(in, true, 1e-5); },
      .fixture = "batch_norm1d",
      .sized =
          [](Index n) {
            return Shapes{{n + 2, 3}, {3}, {3}};
          },
      .naive =
          [](const std::vector<Tensor<double>>& in) {
            const Index batch = in[0].size(0);
            Tensor<double> y(in[0].shape());
            for (Index c = 0; c < in[0].size(1); ++c) {
              double mean = 0, variance = 0;
              for (Index b = 0; b < batch; ++b) mean += in[0].at({b, c}) / static_cast<double>(batch);
              for (Index b = 0; b < batch; ++b)
                variance += std::pow(in[0].at({b, c}) - mean, 2) / static_cast<double>(batch);
              for (Index b = 0; b < batch; ++b)
                y.at({b, c}) = (in[0].at({b, c}) - mean) / std::sqrt(variance + 1e-5) * in[1].at({c}) + in[2].at({c});
            }
            return y;
          },
      .large = {{{512, 256}, {256}, {256}}},
      .errors = {expect_error<ShapeError>("[batch_norm1d] x must have shape (B,C) or (B,C,L) but has (3)",
                                          call({3}, 3, 3, true)),
                 expect_error<ShapeError>("[batch_norm1d] gamma must have shape (3) but has (2)",
                                          call({4, 3}, 2, 3, true)),
                 expect_error<ShapeError>("[batch_norm1d] running_mean must have shape (3) but has (2)",
                                          call({4, 3}, 3, 2, true)),
                 expect_error<ShapeError>("[batch_norm1d] num_batches_tracked must have shape () but has (2)",
                                          call({4, 3}, 3, 3, true, {}, Tensor<std::int64_t>::zeros({2}))),
                 expect_error<ValueError>("momentum nullopt needs num_batches_tracked",
                                          call({4, 3}, 3, 3, true, {.momentum = std::nullopt})),
                 expect_error<ValueError>("training needs more than one value per channel but x has shape (1,3)",
                                          call({1, 3}, 3, 3, true)),
                 expect_error<ValueError>("training needs more than one value per channel but x has shape (1,3,1)",
                                          call({1, 3, 1}, 3, 3, true))}});
  visit(OpCase{.name = "batch_norm1d with length",
               .inputs = {{.shape = {2, 3, 4}}, {.shape = {3}}, {.shape = {3}}},
               .f = [](const auto& in) { return batch_norm_of(in, true, 1e-3); },
               .fixture = "batch_norm1d",
               .sized =
                   [](Index n) {
                     return Shapes{{2, 5, n}, {5}, {5}};
                   },
               .large = {{{32, 64, 50}, {64}, {64}}}});
  visit(OpCase{.name = "batch_norm1d without parameters",
               .inputs = {{.shape = {4, 3}}},
               .f = [](const auto& in) { return batch_norm_of(in, true, 1e-5); },
               .fixture = "batch_norm1d",
               .sized =
                   [](Index n) {
                     return Shapes{{4, n}};
                   },
               .large = {{{512, 256}}}});
  visit(OpCase{.name = "batch_norm1d evaluation",
               .inputs = {{.shape = {4, 3}}, {.shape = {3}}, {.shape = {3}}},
               .f = [](const auto& in) { return batch_norm_of(in, false, 1e-5); },
               .fixture = "batch_norm1d",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 3}, {3}, {3}};
                   },
               .large = {{{512, 256}, {256}, {256}}}});
}
