// Attention by ordinary multiply-adds: any lengths, head sizes up to 256; the T x T scores are never written.
// A warp owns 8 rows, a block of 4 warps 32 of them, and loops over tiles of 32 columns in shared memory: a
// lane has the products of its column with the warp's 8 rows, so that a row's statistics are one reduction over the
// warp, and then owns every 32nd element of the rows' results. Forward and dq: rows are queries, columns are keys; with
// a running maximum and sum as in Dao 2023, "FlashAttention-2". dk and dv: rows are keys, columns are queries, p is
// computed again from lse. Each block adds up its own rows in the order of the tiles: no atomics, the same bits in
// every run. Bytes moved: the rows once, the columns once for every 32 rows (from the L2 cache, except for the first
// time).
#include "kernels/attention/attention_simt.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

using namespace detail;

template <typename T, int kSize>
__global__ void __launch_bounds__(SimtShape<T, kSize>::kThreads)
    forward_kernel(const Attention<T> attention, const AttentionOutput<T> output, Index tiles) {
  using S = SimtShape<T, kSize>;
  using A = Accumulator<T>;
  const SimtRows rows = SimtRows::of_block(S{}, tiles);
  const AttentionHead head = attention_head(attention, rows.pair, rows.first == 0 && threadIdx.x == 0);
  if (rows.first >= head.queries) return;
  const Index row = attention.row(), from = head.query_at(attention), keys_from = head.key_at(attention);
  const int size = static_cast<int>(attention.head_size), here = head.queries - rows.first_of_warp;
  const auto q = shared_rows<S>(0, S::kBlockRows);
  const auto columns = shared_rows<S>(S::kBlockRows, kColumns);  // k, then v
  const auto weights = shared_weights<S>(S::kBlockRows + kColumns);
  const auto my_q = q + warp_in_block() * kRows * S::kStride;
  const auto my_column = columns + lane_in_warp() * S::kStride;
  load_tile<S>(q, attention.q + from + rows.first * row, row, S::kBlockRows, head.queries - rows.first, size,
               attention.scale);
  A out[kRows][S::kParts] = {}, max[kRows], sum[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) max[r] = -std::numeric_limits<A>::infinity(), sum[r] = 0;
  for (int first = 0; first < head.keys; first += kColumns) {
    const int count = head.keys - first < kColumns ? head.keys - first : kColumns;
    const bool is_key = lane_in_warp() < count;
    A p[kRows];
    __syncthreads();
    load_tile<S>(columns, attention.k + keys_from + first * row, row, kColumns, count, size, A(1));
    __syncthreads();
    if (here > 0) dot<S>(p, my_q, my_column, size);
    __syncthreads();
    load_tile<S>(columns, attention.v + keys_from + first * row, row, kColumns, count, size, A(1));
    if (here > 0) {
#pragma unroll
      for (int r = 0; r < kRows; ++r) {
        const A largest = warp_max(is_key ? p[r] : -std::numeric_limits<A>::infinity());
        const A new_max = Max{}(max[r], largest), correction = math::exp(max[r] - new_max);
        p[r] = is_key ? math::exp(p[r] - new_max) : A(0);
        sum[r] = sum[r] * correction + warp_sum(p[r]);
        max[r] = new_max;
#pragma unroll
        for (int part = 0; part < S::kParts; ++part) out[r][part] *= correction;
      }
      if (attention.drops()) {
        const unsigned kept = kept_of_queries(attention, head, rows.first_of_warp, first, weights);
#pragma unroll
        for (int r = 0; r < kRows; ++r) p[r] = (kept >> r & 1u) != 0 ? p[r] : A(0);
      }
      put_weights(weights, p);
    }
    __syncthreads();
    if (here > 0) add_columns<S>(out, weights, columns, count, size);
  }
  A factors[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r)
    factors[r] = head.keys > 0 ? (attention.drops() ? attention.keep_scale : A(1)) / sum[r] : A(0);
  store_rows<S>(output.out + from + rows.first_of_warp * row, row, out, factors, here, size);
#pragma unroll
  for (int r = 0; r < kRows; ++r)
    if (lane_in_warp() == r && r < here) output.lse[head.lse + rows.first_of_warp + r] = max[r] + math::log(sum[r]);
}

/// p = e^(score - lse) of the lane's column, then dp = mask gradient, then ds = p (dp - delta).
template <typename A>
__device__ inline void softmax_gradient(A& p, A& dp, bool inside, bool kept, A keep_scale, A lse, A delta) {
  p = inside ? math::exp(p - lse) : A(0);
  dp = p * ((kept ? dp * keep_scale : A(0)) - delta);
  if (!kept) p = 0;
}

template <typename T, int kSize>
__global__ void __launch_bounds__(SimtShape<T, kSize>::kThreads)
    query_gradient_kernel(const Attention<T> attention, const AttentionGradient<T> gradient, Index tiles) {
  using S = SimtShape<T, kSize>;
  using A = Accumulator<T>;
  const SimtRows rows = SimtRows::of_block(S{}, tiles);
  const AttentionHead head = attention_head(attention, rows.pair, rows.first == 0 && threadIdx.x == 0);
  if (rows.first >= head.queries) return;
  const Index row = attention.row(), from = head.query_at(attention), keys_from = head.key_at(attention);
  const int size = static_cast<int>(attention.head_size), here = head.queries - rows.first_of_warp;
  A lse[kRows], delta[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const int query = rows.first_of_warp + r;
    const Index line = from + query * row;
    A product = 0;
    if (r < here)
      for (int d = lane_in_warp(); d < size; d += kWarpSize)
        product += to_accumulator(gradient.dout[line + d]) * to_accumulator(gradient.out[line + d]);
    delta[r] = warp_sum(product);
    lse[r] = r < here ? gradient.lse[head.lse + query] : A(0);
    if (r < here && lane_in_warp() == 0) gradient.delta[head.delta + query] = delta[r];
  }
  if (gradient.dq == nullptr) return;
  const auto q = shared_rows<S>(0, S::kBlockRows), dout = shared_rows<S>(S::kBlockRows, S::kBlockRows);
  const auto columns = shared_rows<S>(2 * S::kBlockRows, kColumns);  // v, then k
  const auto weights = shared_weights<S>(2 * S::kBlockRows + kColumns);
  const int first_row = warp_in_block() * kRows * S::kStride;
  const auto my_column = columns + lane_in_warp() * S::kStride;
  const int in_block = head.queries - rows.first;
  load_tile<S>(q, attention.q + from + rows.first * row, row, S::kBlockRows, in_block, size, attention.scale);
  load_tile<S>(dout, gradient.dout + from + rows.first * row, row, S::kBlockRows, in_block, size, A(1));
  A dq[kRows][S::kParts] = {};
  for (int first = 0; first < head.keys; first += kColumns) {
    const int count = head.keys - first < kColumns ? head.keys - first : kColumns;
    A p[kRows], dp[kRows];
    __syncthreads();
    load_tile<S>(columns, attention.v + keys_from + first * row, row, kColumns, count, size, A(1));
    __syncthreads();
    if (here > 0) dot<S>(dp, dout + first_row, my_column, size);
    __syncthreads();
    load_tile<S>(columns, attention.k + keys_from + first * row, row, kColumns, count, size, A(1));
    __syncthreads();
    if (here <= 0) continue;
    dot<S>(p, q + first_row, my_column, size);
    const bool drops = attention.drops();
    const unsigned kept = drops ? kept_of_queries(attention, head, rows.first_of_warp, first, weights) : ~0u;
#pragma unroll
    for (int r = 0; r < kRows; ++r)
      softmax_gradient(p[r], dp[r], lane_in_warp() < count, (kept >> r & 1u) != 0, drops ? attention.keep_scale : A(1),
                       lse[r], delta[r]);
    put_weights(weights, dp);
    add_columns<S>(dq, weights, columns, count, size);
  }
  A factors[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) factors[r] = attention.scale;
  store_rows<S>(gradient.dq + from + rows.first_of_warp * row, row, dq, factors, here, size);
}

template <typename T, int kSize>
__global__ void __launch_bounds__(SimtShape<T, kSize>::kThreads)
    key_gradient_kernel(const Attention<T> attention, const AttentionGradient<T> gradient, Index tiles) {
  using S = SimtShape<T, kSize>;
  using A = Accumulator<T>;
  const SimtRows rows = SimtRows::of_block(S{}, tiles);
  const AttentionHead head = attention_head(attention, rows.pair, false);
  if (rows.first >= head.keys) return;
  const Index row = attention.row(), from = head.key_at(attention), queries_from = head.query_at(attention);
  const int size = static_cast<int>(attention.head_size), here = head.keys - rows.first_of_warp;
  const int in_block = head.keys - rows.first, first_row = warp_in_block() * kRows * S::kStride;
  const auto k = shared_rows<S>(0, S::kBlockRows), v = shared_rows<S>(S::kBlockRows, S::kBlockRows);
  const auto columns = shared_rows<S>(2 * S::kBlockRows, kColumns);  // q, then dout, then q
  const auto weights = shared_weights<S>(2 * S::kBlockRows + kColumns);
  const auto my_column = columns + lane_in_warp() * S::kStride;
  load_tile<S>(k, attention.k + from + rows.first * row, row, S::kBlockRows, in_block, size, A(1));
  load_tile<S>(v, attention.v + from + rows.first * row, row, S::kBlockRows, in_block, size, A(1));
  A dk[kRows][S::kParts] = {}, dv[kRows][S::kParts] = {};
  for (int first = 0; first < head.queries; first += kColumns) {
    const int count = head.queries - first < kColumns ? head.queries - first : kColumns;
    const bool is_query = lane_in_warp() < count;
    const int query = first + lane_in_warp();
    const A lse = is_query ? gradient.lse[head.lse + query] : A(0);
    const A delta = is_query ? gradient.delta[head.delta + query] : A(0);
    const T* const q = attention.q + queries_from + first * row;
    A p[kRows], dp[kRows];
    __syncthreads();
    load_tile<S>(columns, q, row, kColumns, count, size, attention.scale);
    __syncthreads();
    if (here > 0) dot<S>(p, k + first_row, my_column, size);
    __syncthreads();
    load_tile<S>(columns, gradient.dout + queries_from + first * row, row, kColumns, count, size, A(1));
    __syncthreads();
    const bool drops = attention.drops();
    if (here > 0) {
      dot<S>(dp, v + first_row, my_column, size);
      const unsigned kept = drops ? kept_of_keys(attention, head, query, rows.first_of_warp) : ~0u;
#pragma unroll
      for (int r = 0; r < kRows; ++r)
        softmax_gradient(p[r], dp[r], is_query, (kept >> r & 1u) != 0, drops ? attention.keep_scale : A(1), lse, delta);
      put_weights(weights, p);
      add_columns<S>(dv, weights, columns, count, size);
    }
    __syncthreads();
    load_tile<S>(columns, q, row, kColumns, count, size, attention.scale);
    if (here > 0) put_weights(weights, dp);
    __syncthreads();
    if (here > 0) add_columns<S>(dk, weights, columns, count, size);
  }
  A factors[kRows];
#pragma unroll
  for (int r = 0; r < kRows; ++r) factors[r] = 1;
  if (gradient.dk != nullptr)
    store_rows<S>(gradient.dk + from + rows.first_of_warp * row, row, dk, factors, here, size);
#pragma unroll
  for (int r = 0; r < kRows; ++r) factors[r] = attention.drops() ? attention.keep_scale : A(1);
  if (gradient.dv != nullptr)
    store_rows<S>(gradient.dv + from + rows.first_of_warp * row, row, dv, factors, here, size);
}

/// Calls `f(SimtShape)` with that of the smallest size that fits a head; in 16 bits, smaller ones are for tensor
/// cores.
template <typename T, typename F>
void with_shape(Index head_size, F&& f) {
  if constexpr (sizeof(T) > 2) {
    if (head_size <= 64) return f(SimtShape<T, 64>{});
    if (head_size <= 128) return f(SimtShape<T, 128>{});
  }
  f(SimtShape<T, 256>{});
}

/// Blocks for all heads of all sequences and `tiles` tiles of rows.
template <typename T>
unsigned blocks_of_tiles(const Attention<T>& attention, Index tiles) {
  return blocks_for(attention.batch * attention.heads * tiles, 1);
}

}  // namespace

template <typename T>
void attention_simt_forward(Backend backend, const Attention<T>& attention, const AttentionOutput<T>& output) {
  with_shape<T>(attention.head_size, [&]<int kSize>(SimtShape<T, kSize> shape) {
    const Index tiles = ceil_div<Index>(attention.max_seqlen_q, shape.kBlockRows);
    launch<forward_kernel<T, kSize>, SimtShape<T, kSize>::bytes(1, 1)>(
        blocks_of_tiles(attention, tiles), shape.kThreads, LaunchSite(backend, "attention_forward"), attention, output,
        tiles);
  });
}

template <typename T>
void attention_simt_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient) {
  with_shape<T>(attention.head_size, [&]<int kSize>(SimtShape<T, kSize> shape) {
    const LaunchSite site(backend, "attention_backward");
    constexpr std::size_t kBytes = SimtShape<T, kSize>::bytes(2, 1);
    const Index query_tiles = ceil_div<Index>(attention.max_seqlen_q, shape.kBlockRows);
    launch<query_gradient_kernel<T, kSize>, kBytes>(blocks_of_tiles(attention, query_tiles), shape.kThreads, site,
                                                    attention, gradient, query_tiles);
    if (gradient.dk == nullptr && gradient.dv == nullptr) return;
    const Index key_tiles = ceil_div<Index>(attention.max_seqlen_k, shape.kBlockRows);
    launch<key_gradient_kernel<T, kSize>, kBytes>(blocks_of_tiles(attention, key_tiles), shape.kThreads, site,
                                                  attention, gradient, key_tiles);
  });
}

#define TEMPA_ATTENTION(T)                                                                       \
  template void attention_simt_forward(Backend, const Attention<T>&, const AttentionOutput<T>&); \
  template void attention_simt_backward(Backend, const Attention<T>&, const AttentionGradient<T>&)

TEMPA_ATTENTION(float);
TEMPA_ATTENTION(double);
TEMPA_ATTENTION(float16);
TEMPA_ATTENTION(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
