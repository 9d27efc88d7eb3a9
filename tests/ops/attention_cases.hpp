// Op cases of attention.
#pragma once

#include "support/op_case.hpp"

#include <tempa/ops/attention.hpp>

#include <algorithm>

/// Cumulative lengths of `batch` sequences of `total` tokens: every one has a token, later ones have more.
inline tempa::Tensor<std::int32_t> split_tokens(tempa::Index total, tempa::Index batch) {
  tempa::Tensor<std::int32_t> bounds(tempa::Shape{batch + 1});
  for (tempa::Index b = 0; b <= batch; ++b)
    bounds.data()[b] = static_cast<std::int32_t>(b + (total - batch) * b * (b + 1) / (batch * (batch + 1)));
  return bounds;
}

/// Three sequences, or fewer where there are not so many tokens; a batch of 32 where there are enough of them.
inline tempa::Index attention_batch(tempa::Index queries, tempa::Index keys) {
  const tempa::Index tokens = std::min(queries, keys);
  return tokens >= 1200 ? 32 : std::min<tempa::Index>(3, tokens);
}

/// Attention of the split sequences. @param in q, k, v.
template <typename T>
tempa::Variable<T> split_attention(const Inputs<T>& in, tempa::Index heads,
                                   const tempa::AttentionOptions& options = {}) {
  const tempa::Index batch = attention_batch(in[0].size(0), in[1].size(0));
  const tempa::Device device = in[0].value().device();
  return attention(in[0], in[1], in[2], split_tokens(in[0].size(0), batch).to(device),
                   split_tokens(in[1].size(0), batch).to(device), heads, options);
}

/// The same on one padded (queries, keys) table with -infinity where a query and a key are of different sequences.
inline tempa::Tensor<double> padded_attention(const std::vector<tempa::Tensor<double>>& in,
                                              const tempa::Tensor<std::int32_t>& cu_seqlens_q,
                                              const tempa::Tensor<std::int32_t>& cu_seqlens_k, tempa::Index heads,
                                              double scale) {
  using tempa::Index;
  const Index queries = in[0].size(0), keys = in[1].size(0), columns = in[0].size(1), size = columns / heads;
  const auto sequence_of = [](const tempa::Tensor<std::int32_t>& bounds, Index token) {
    return std::upper_bound(bounds.span().begin(), bounds.span().end(), token) - bounds.span().begin();
  };
  tempa::Tensor<double> out = tempa::Tensor<double>::zeros(in[0].shape());
  std::vector<double> score(static_cast<std::size_t>(keys));
  for (Index h = 0; h < heads; ++h)
    for (Index i = 0; i < queries; ++i) {
      double sum = 0;
      const auto row = [&](const tempa::Tensor<double>& x, Index token) {
        return x.data() + token * columns + h * size;
      };
      for (Index j = 0; j < keys; ++j) {
        double dot = 0;
        for (Index d = 0; d < size; ++d) dot += row(in[0], i)[d] * row(in[1], j)[d];
        const bool same = sequence_of(cu_seqlens_q, i) == sequence_of(cu_seqlens_k, j);
        score[static_cast<std::size_t>(j)] = same ? dot * scale : -INFINITY;
      }
      const double largest = *std::max_element(score.begin(), score.end());
      for (double& s : score) sum += s = std::exp(s - largest);
      for (Index j = 0; j < keys; ++j)
        for (Index d = 0; d < size; ++d)
          out.data()[i * columns + h * size + d] += score[static_cast<std::size_t>(j)] / sum * row(in[2], j)[d];
    }
  return out;
}

/// Two products of (T_q,D) and (T_k,D) for each sequence and head, 2 operations for each multiply-add.
inline double attention_flops(const Shapes& shapes) {
  const tempa::Index batch = attention_batch(shapes[0][0], shapes[1][0]);
  const auto q = split_tokens(shapes[0][0], batch), k = split_tokens(shapes[1][0], batch);
  double pairs = 0;
  for (tempa::Index b = 0; b < batch; ++b)
    pairs += static_cast<double>(q.at({b + 1}) - q.at({b})) * (k.at({b + 1}) - k.at({b}));
  return 4 * pairs * static_cast<double>(shapes[0][1]);
}

/// Calls `visit` with every case.
template <typename Visit>
void attention_cases(Visit&& visit) {
  using namespace tempa;
  using Bounds = Tensor<std::int32_t>;
  const auto call = [](Shape q, Shape k, Shape v, const Bounds& bounds_q, const Bounds& bounds_k, Index heads,
                       AttentionOptions options = {}) {
    return [=] { attention(make_variable(q), make_variable(k), make_variable(v), bounds_q, bounds_k, heads, options); };
  };
  const auto bounds = Bounds::from({0, 1, 3});
  visit(OpCase{
      .name = "attention",
      .inputs = {{.shape = {7, 4}}, {.shape = {7, 4}}, {.shape = {7, 4}}},
      .f = [](const auto& in) { return split_attention(in, in[0].size(1) % 64 == 0 ? in[0].size(1) / 64 : 2); },
      .fixture = "attention",
      .sized =
          [](Index n) {
            return Shapes{{n, 6}, {n, 6}, {n, 6}};
          },
      .naive =
          [](const std::vector<Tensor<double>>& in) {
            const auto split = split_tokens(in[0].size(0), attention_batch(in[0].size(0), in[0].size(0)));
            return padded_attention(in, split, split, 2, 1 / std::sqrt(3.0));
          },
      .large = {{{1312, 256}, {1312, 256}, {1312, 256}}, {{1312, 768}, {1312, 768}, {1312, 768}}},
      .flops = attention_flops,
      .errors = {expect_error<ShapeError>("[attention] q must have 2 dimensions but has shape (3)",
                                          call({3}, {3, 4}, {3, 4}, bounds, bounds, 2)),
                 expect_error<ShapeError>("[attention] k must have shape (3,4) but has (3,5)",
                                          call({3, 4}, {3, 5}, {3, 5}, bounds, bounds, 2)),
                 expect_error<ShapeError>("[attention] v must have shape (3,4) but has (2,4)",
                                          call({3, 4}, {3, 4}, {2, 4}, bounds, bounds, 2)),
                 expect_error<ValueError>("[attention] heads must divide the 4 columns of q but is 3",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, bounds, 3)),
                 expect_error<ValueError>("[attention] heads must divide the 4 columns of q but is 0",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, bounds, 0)),
                 expect_error<ShapeError>("[attention] cu_seqlens_q must have 1 dimensions but has shape (1,3)",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds.reshape({1, 3}), bounds, 2)),
                 expect_error<ShapeError>("[attention] cu_seqlens_q must have B+1 elements but has shape (1)",
                                          call({3, 4}, {3, 4}, {3, 4}, Bounds::from({0}), bounds, 2)),
                 expect_error<ValueError>("[attention] cu_seqlens_q must start with 0 but starts with 1",
                                          call({3, 4}, {3, 4}, {3, 4}, Bounds::from({1, 2, 3}), bounds, 2)),
                 expect_error<ValueError>(
                     "but cu_seqlens_k goes from 1 to 1 at sequence 1",
                     call({3, 4}, {3, 4}, {3, 4}, Bounds::from({0, 1, 2, 3}), Bounds::from({0, 1, 1, 3}), 2)),
                 expect_error<ValueError>("but cu_seqlens_q goes from 2 to 1 at sequence 1",
                                          call({3, 4}, {3, 4}, {3, 4}, Bounds::from({0, 2, 1, 3}), bounds, 2)),
                 expect_error<ValueError>("[attention] cu_seqlens_k must end with the 3 packed tokens but ends with 2",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, Bounds::from({0, 1, 2}), 2)),
                 expect_error<ShapeError>("[attention] cu_seqlens_k must have shape (3) but has (4)",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, Bounds::from({0, 1, 2, 3}), 2)),
                 expect_error<ValueError>("[attention] the longest of cu_seqlens_q was given as 1 but is 2",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, bounds, 2, {.max_seqlen_q = 1})),
                 expect_error<ValueError>("[attention] the longest of cu_seqlens_k cannot be -1",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, bounds, 2, {.max_seqlen_k = -1})),
                 expect_error<ValueError>("[attention] drop_prob must be in [0,1] but is 1.5",
                                          call({3, 4}, {3, 4}, {3, 4}, bounds, bounds, 2, {.drop_prob = 1.5}))}});
  visit(OpCase{.name = "attention of other queries",
               .inputs = {{.shape = {3, 3}}, {.shape = {8, 3}}, {.shape = {8, 3}}},
               .f = [](const auto& in) { return split_attention(in, 1, {.scale = 0.3}); },
               .fixture = "attention",
               .sized =
                   [](Index n) {
                     return Shapes{{3, n}, {17, n}, {17, n}};
                   },
               .largest_on_cuda = 256,
               .naive =
                   [](const std::vector<Tensor<double>>& in) {
                     return padded_attention(in, split_tokens(3, 3), split_tokens(17, 3), 1, 0.3);
                   },
               .large = {{{32, 256}, {1312, 256}, {1312, 256}}}});
  visit(OpCase{.name = "attention of heads of 64",
               .inputs = {{.shape = {3, 4}}, {.shape = {5, 4}}, {.shape = {5, 4}}},
               .f = [](const auto& in) { return split_attention(in, 2); },
               .fixture = "attention",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 128}, {n + 2, 128}, {n + 2, 128}};
                   },
               .large = {{{1312, 128}, {1312, 128}, {1312, 128}}},
               .flops = attention_flops});
  visit(OpCase{.name = "attention with dropout",
               .inputs = {{.shape = {7, 4}}, {.shape = {9, 4}}, {.shape = {9, 4}}},
               .f =
                   [](const auto& in) {
                     Generator generator(3);
                     return split_attention(in, 2, {.drop_prob = 0.3, .generator = &generator});
                   },
               .fixture = "",
               .without_fixture = "PyTorch draws other random numbers",
               .sized =
                   [](Index n) {
                     return Shapes{{n, 4}, {n + 1, 4}, {n + 1, 4}};
                   },
               .large = {{{1312, 256}, {1312, 256}, {1312, 256}}},
               .flops = attention_flops});
}
