// Forward and backward of attention as cuDNN graphs, with the operations and the order for which it has fused kernels.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>

#include "kernels/attention/cudnn_graph.hpp"
#include "kernels/device/platform.cuh"

#include <compare>
#include <concepts>
#include <optional>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda::detail {

inline constexpr Index kLengthStep = 64;

/// The tensors of the graphs.
enum AttentionTensorId : std::int64_t {
  kQueryLengths,
  kKeyLengths,
  kQueryOffsets,
  kKeyOffsets,
  kScale,
  kMinusInfinity,
  kOne,
  kQ,
  kK,
  kV,
  kOut,
  kStatistics,
  kDOut,
  kDQ,
  kDK,
  kDV,
  kDelta,
};

/// Everything that a plan depends on.
struct AttentionSizes {
  Index device, type, is_backward, batch, heads, queries, keys, head_size;
  auto operator<=>(const AttentionSizes&) const = default;
};

template <typename T>
constexpr cudnnDataType_t cudnn_type() {
  return std::same_as<T, bfloat16> ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_HALF;
}

template <typename T>
AttentionSizes attention_sizes(int device, bool is_backward, Index batch, Index max_seqlen_q, Index max_seqlen_k,
                               Index heads, Index head_size) {
  return {device,
          cudnn_type<T>(),
          is_backward,
          batch,
          heads,
          round_up(max_seqlen_q, kLengthStep),
          round_up(max_seqlen_k, kLengthStep),
          head_size};
}

/// The tensors of both passes, and the sizes of intermediate ones.
struct AttentionGraph {
  CudnnGraph graph;
  cudnnDataType_t type;
  CudnnSizes queries, keys, scores, rows;
  CudnnTensor query_lengths, key_lengths, query_offsets, key_offsets, scale, minus_infinity;

  AttentionGraph(const char* who, const AttentionSizes& s)
      : graph(who),
        type(static_cast<cudnnDataType_t>(s.type)),
        queries{s.batch, s.heads, s.queries, s.head_size},
        keys{s.batch, s.heads, s.keys, s.head_size},
        scores{s.batch, s.heads, s.queries, s.keys},
        rows{s.batch, s.heads, s.queries, 1},
        query_lengths(graph.list(kQueryLengths, CUDNN_DATA_INT32, s.batch)),
        key_lengths(graph.list(kKeyLengths, CUDNN_DATA_INT32, s.batch)),
        query_offsets(graph.list(kQueryOffsets, CUDNN_DATA_INT64, s.batch + 1)),
        key_offsets(graph.list(kKeyOffsets, CUDNN_DATA_INT64, s.batch + 1)),
        scale(graph.number(kScale)),
        minus_infinity(graph.number(kMinusInfinity)) {}

  /// A matrix (N,H*D) as (B,H,S,D), or as (B,H,D,S).
  CudnnTensor packed(std::int64_t id, const CudnnSizes& s, const CudnnTensor& offsets, bool transposed = false) {
    const std::int64_t token = s[1] * s[3];
    if (transposed) return graph.tensor(id, type, {s[0], s[1], s[3], s[2]}, {s[2] * token, s[3], 1, token}, &offsets);
    return graph.tensor(id, type, s, {s[2] * token, s[3], token, 1}, &offsets);
  }
  CudnnTensor of_queries(std::int64_t id) { return packed(id, queries, query_offsets); }
  CudnnTensor of_keys(std::int64_t id, bool transposed = false) { return packed(id, keys, key_offsets, transposed); }
  /// A float for each query and head, padded.
  CudnnTensor of_rows(std::int64_t id) {
    return graph.tensor(id, CUDNN_DATA_FLOAT, rows, {rows[1] * rows[2], rows[2], 1, 1});
  }
  CudnnTensor new_scores() { return graph.between(CUDNN_DATA_FLOAT, scores); }
  CudnnTensor new_rows() { return graph.between(CUDNN_DATA_FLOAT, rows); }

  /// scale q k^T, and minus infinity beyond a sequence's queries and keys.
  CudnnTensor masked_scores(const CudnnTensor& q, const CudnnTensor& k_transposed) {
    auto x = graph.multiply(new_scores(), q, k_transposed, {.m = &query_lengths, .n = &key_lengths});
    x = graph.apply(CUDNN_POINTWISE_MUL, new_scores(), x, scale);
    const auto inside = [&](std::int64_t axis, const CudnnTensor& lengths) {
      const auto index = graph.apply(CUDNN_POINTWISE_GEN_INDEX, graph.between(CUDNN_DATA_INT32, scores), x,
                                     std::nullopt, std::nullopt, axis);
      return graph.apply(CUDNN_POINTWISE_CMP_LT, graph.between(CUDNN_DATA_BOOLEAN, scores), index, lengths);
    };
    const auto is_query = inside(2, query_lengths), is_key = inside(3, key_lengths);
    const auto is_both =
        graph.apply(CUDNN_POINTWISE_LOGICAL_AND, graph.between(CUDNN_DATA_BOOLEAN, scores), is_query, is_key);
    return graph.apply(CUDNN_POINTWISE_BINARY_SELECT, new_scores(), x, minus_infinity, is_both);
  }
};

inline CudnnGraph forward_graph(const char* who, const AttentionSizes& sizes) {
  AttentionGraph a(who, sizes);
  CudnnGraph& graph = a.graph;
  const auto x = a.masked_scores(a.of_queries(kQ), a.of_keys(kK, true));
  const auto max = graph.reduce(CUDNN_REDUCE_TENSOR_MAX, a.new_rows(), x);
  const auto e =
      graph.apply(CUDNN_POINTWISE_EXP, a.new_scores(), graph.apply(CUDNN_POINTWISE_SUB, a.new_scores(), x, max));
  const auto sum = graph.reduce(CUDNN_REDUCE_TENSOR_ADD, a.new_rows(), e);
  const auto log = graph.apply(CUDNN_POINTWISE_LOG, a.new_rows(), sum);
  graph.apply(CUDNN_POINTWISE_ADD, a.of_rows(kStatistics), max, log);
  const auto p = graph.apply(CUDNN_POINTWISE_DIV, graph.between(a.type, a.scores), e, sum);
  graph.multiply(a.of_queries(kOut), p, a.of_keys(kV), {.m = &a.query_lengths, .k = &a.key_lengths});
  return std::move(a.graph);
}

inline CudnnGraph backward_graph(const char* who, const AttentionSizes& sizes) {
  AttentionGraph a(who, sizes);
  CudnnGraph& graph = a.graph;
  const auto q = a.of_queries(kQ), dout = a.of_queries(kDOut), k_transposed = a.of_keys(kK, true);
  const CudnnSizes transposed_scores{a.scores[0], a.scores[1], a.scores[3], a.scores[2]};
  const auto transpose = [&](const CudnnTensor& x) {
    return graph.reshape(graph.between(a.type, transposed_scores, true), x);
  };
  const CudnnLengths into_queries{.m = &a.query_lengths, .k = &a.key_lengths};
  const CudnnLengths into_keys{.m = &a.key_lengths, .k = &a.query_lengths};

  // delta = sum_d dout out; the factor of 1 is in the place where cuDNN expects that of dropout.
  const auto products =
      graph.apply(CUDNN_POINTWISE_MUL, graph.between(CUDNN_DATA_FLOAT, a.queries), dout, a.of_queries(kOut));
  const auto delta = graph.apply(CUDNN_POINTWISE_MUL, a.of_rows(kDelta),
                                 graph.reduce(CUDNN_REDUCE_TENSOR_ADD, a.new_rows(), products), graph.number(kOne));
  // p = e^(x - lse), dv = p^T dout
  const auto x = a.masked_scores(q, k_transposed);
  const auto p = graph.apply(CUDNN_POINTWISE_EXP, a.new_scores(),
                             graph.apply(CUDNN_POINTWISE_SUB, a.new_scores(), x, a.of_rows(kStatistics)));
  graph.multiply(a.of_keys(kDV), transpose(p), dout, into_keys);
  // ds = scale p (dout v^T - delta), dk = ds^T q, dq = ds k
  const auto dp =
      graph.multiply(a.new_scores(), dout, a.of_keys(kV, true), {.m = &a.query_lengths, .n = &a.key_lengths});
  const auto dx =
      graph.apply(CUDNN_POINTWISE_MUL, a.new_scores(), graph.apply(CUDNN_POINTWISE_SUB, a.new_scores(), dp, delta), p);
  const auto ds = graph.apply(CUDNN_POINTWISE_MUL, graph.between(a.type, a.scores), dx, a.scale);
  graph.multiply(a.of_keys(kDK), transpose(ds), q, into_keys);
  const auto k = graph.reshape(a.of_keys(CudnnGraph::kBetween), k_transposed);
  graph.multiply(a.of_queries(kDQ), ds, k, into_queries);
  return std::move(a.graph);
}

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
