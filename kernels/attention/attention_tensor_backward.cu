// Attention backward on tensor cores for sequences of any length, with p computed again from lse.
// Two kernels, so that each sum is in one block's registers: no atomics, the same bits in every run. In the first, a
// block of four warps owns 64 queries of a head, a warp 16 of them, and loops over tiles of keys: delta = sum_d dout
// out, then dq += ds k. In the second it owns 64 keys and loops over tiles of queries, with all products transposed: dv
// += p^T dout, dk += ds^T q. The next tile is loaded (cp.async) while the warps multiply with the current one; p and
// ds stay in registers. There are seven products where five would do; but that would need atomics in the sums of dq, or
// dq in device memory. Bytes moved: everything once, and the tiles once more from the L2 cache for every further 64
// rows. Dao 2023, "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning".
#include "kernels/attention/attention_tensor.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kThreads = 128, kRows = 64;  // of a block
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A ring of two tiles of each of two matrices, after the block's own two tiles.
template <typename T, int kSize, int kTile>
struct Ring {
  static constexpr int kOwn = 2 * kRows * kSize, kNumel = kOwn + 4 * kTile * kSize;

  __device__ static Tile<T, kSize> own(int i) { return Tile<T, kSize>::at(i * kRows * kSize, kRows); }
  __device__ static Tile<T, kSize> first(int stage) {
    return Tile<T, kSize>::at(kOwn + stage * 2 * kTile * kSize, kTile);
  }
  __device__ static Tile<T, kSize> second(int stage) {
    return Tile<T, kSize>::at(kOwn + (stage * 2 + 1) * kTile * kSize, kTile);
  }

  /// Starts loading rows [row, row + kTile) of both matrices, which have `rows` rows.
  __device__ static void fetch(int stage, const T* a, const T* b, Index row_size, int row, int rows, int size,
                               bool vectors) {
    const int left = rows - row, count = left < kTile ? left : kTile;
    first(stage).template fetch<kThreads>(a + row * row_size, row_size, round_up(count, 16), count, size, vectors);
    second(stage).template fetch<kThreads>(b + row * row_size, row_size, round_up(count, 16), count, size, vectors);
    cp_async_commit();
  }
};

/// sum_d dout out of the rows g and g + 8 of the warp, of which `count` exist; the four lanes of a row share the
/// work.
template <typename T>
__device__ inline void row_products(float (&delta)[2], const T* dout, const T* out, Index row_size, int count,
                                    int size) {
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = lane_in_warp() / 4 + half * 8;
    float sum = 0;
    if (row < count)
      for (int d = lane_in_warp() % 4 * 2; d < size; d += 8)
#pragma unroll
        for (int i = 0; i < 2; ++i)
          if (d + i < size) sum += to_float(dout[row * row_size + d + i]) * to_float(out[row * row_size + d + i]);
    delta[half] = warp_sum<4>(sum);
  }
}

template <typename T, int kSize>
__global__ void __launch_bounds__(kThreads)
    query_gradient_kernel(const Attention<T> attention, const AttentionGradient<T> gradient, Index tiles,
                          bool vectors) {
  constexpr int kTile = 64, kSums = kTile / 8;
  using R = Ring<T, kSize, kTile>;
  const Index block = blockIdx.x;
  const int first_query = static_cast<int>(block % tiles) * kRows, first = first_query + warp_in_block() * kWarpRows;
  const AttentionHead head = attention_head(attention, block / tiles, first_query == 0 && threadIdx.x == 0);
  if (first_query >= head.queries) return;
  const Index row = attention.row(), from = head.query_at(attention), keys_from = head.key_at(attention);
  const int size = static_cast<int>(attention.head_size), here = head.queries - first;
  const auto fetch = [&](int stage, int key) {
    R::fetch(stage, attention.k + keys_from, attention.v + keys_from, row, key, head.keys, size, vectors);
  };
  const auto q = R::own(0), dout = R::own(1);
  if (gradient.dq != nullptr) {
    const int left = head.queries - first_query, queries = left < kRows ? left : kRows;
    q.template fetch<kThreads>(attention.q + from + first_query * row, row, round_up(queries, 16), queries, size,
                               vectors);
    dout.template fetch<kThreads>(gradient.dout + from + first_query * row, row, round_up(queries, 16), queries, size,
                                  vectors);
    if (head.keys > 0) fetch(0, 0);
  }
  float lse[2], delta[2];
  row_products(delta, gradient.dout + from + first * row, gradient.out + from + first * row, row, here, size);
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int query = lane_in_warp() / 4 + half * 8;
    lse[half] = query < here ? gradient.lse[head.lse + first + query] * kLog2E : kInfinity;
    if (query < here && lane_in_warp() % 4 == 0) gradient.delta[head.delta + first + query] = delta[half];
  }
  if (gradient.dq == nullptr) return;
  const int t = lane_in_warp() % 4 * 2;
  const float scale = attention.scale * kLog2E, keep_scale = attention.drops() ? attention.keep_scale : 1.0f;
  float dq[kSize / 8][4] = {};
  for (int key = 0, stage = 0; key < head.keys; key += kTile, stage ^= 1) {
    const int count = head.keys - key < kTile ? head.keys - key : kTile;
    cp_async_wait<0>();
    __syncthreads();
    if (key + kTile < head.keys) fetch(stage ^ 1, key + kTile);
    if (here <= 0) continue;
    const auto k = R::first(stage), v = R::second(stage);
    float scores[kSums][4] = {}, dp[kSums][4] = {};
    multiply_rows(scores, q, warp_in_block() * kWarpRows, k, count);
    multiply_rows(dp, dout, warp_in_block() * kWarpRows, v, count);
#pragma unroll
    for (int n = 0; n < kSums; ++n) {
      if (n * 8 >= count) break;
      const unsigned kept = attention.drops() ? kept_of_product(attention, head, first, key + n * 8) : 15u;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        scores[n][i] = n * 8 + t + i % 2 < count ? fast_exp2(scores[n][i] * scale - lse[i / 2]) : 0.0f;
        score_gradient(scores[n][i], dp[n][i], (kept >> i & 1u) != 0, keep_scale, delta[i / 2]);
      }
    }
    std::uint32_t gradients[kSums][2];
    round_sums<T>(gradients, dp);
    multiply_weights(dq, gradients, k, count);
  }
  if (here > 0)
    store_rows(gradient.dq + from + first * row, row, dq, {attention.scale, attention.scale}, here, size, vectors);
}

/// Queries of a tile: fewer where a row's results take many registers.
template <int kSize>
constexpr int kQueries = kSize > 64 ? 32 : 64;

template <typename T, int kSize>
constexpr std::size_t kKeyGradientBytes = sizeof(T) * Ring<T, kSize, kQueries<kSize>>::kNumel +
                                          sizeof(float) * 4 * kQueries<kSize>;

template <typename T, int kSize>
__global__ void __launch_bounds__(kThreads)
    key_gradient_kernel(const Attention<T> attention, const AttentionGradient<T> gradient, Index tiles, bool vectors) {
  constexpr int kTile = kQueries<kSize>, kSums = kTile / 8;
  using R = Ring<T, kSize, kTile>;
  const Index block = blockIdx.x;
  const int first_key = static_cast<int>(block % tiles) * kRows, first = first_key + warp_in_block() * kWarpRows;
  const AttentionHead head = attention_head(attention, block / tiles, false);
  if (first_key >= head.keys) return;
  const Index row = attention.row(), from = head.key_at(attention), queries_from = head.query_at(attention);
  const int size = static_cast<int>(attention.head_size), here = head.keys - first;
  const auto k = R::own(0), v = R::own(1);
  const auto statistics = shared_array<float>(sizeof(T) * R::kNumel, 4 * kTile);  // a stage's lse, then its delta
  const auto fetch = [&](int stage, int query) {
    R::fetch(stage, attention.q + queries_from, gradient.dout + queries_from, row, query, head.queries, size, vectors);
    for (int i = thread_in_block(); i < kTile; i += kThreads) {
      const bool is_query = query + i < head.queries;
      statistics[2 * stage * kTile + i] = is_query ? gradient.lse[head.lse + query + i] * kLog2E : kInfinity;
      statistics[(2 * stage + 1) * kTile + i] = is_query ? gradient.delta[head.delta + query + i] : 0.0f;
    }
  };
  const int left = head.keys - first_key, keys = left < kRows ? left : kRows;
  k.template fetch<kThreads>(attention.k + from + first_key * row, row, round_up(keys, 16), keys, size, vectors);
  v.template fetch<kThreads>(attention.v + from + first_key * row, row, round_up(keys, 16), keys, size, vectors);
  if (head.queries > 0) fetch(0, 0);
  const int t = lane_in_warp() % 4 * 2;
  const float scale = attention.scale * kLog2E, keep_scale = attention.drops() ? attention.keep_scale : 1.0f;
  float dk[kSize / 8][4] = {}, dv[kSize / 8][4] = {};
  for (int query = 0, stage = 0; query < head.queries; query += kTile, stage ^= 1) {
    const int count = head.queries - query < kTile ? head.queries - query : kTile;
    cp_async_wait<0>();
    __syncthreads();
    if (query + kTile < head.queries) fetch(stage ^ 1, query + kTile);
    if (here <= 0) continue;
    const auto q = R::first(stage), dout = R::second(stage);
    const auto lse = statistics + 2 * stage * kTile, delta = lse + kTile;
    float scores[kSums][4] = {}, dp[kSums][4] = {};
    multiply_rows(scores, k, warp_in_block() * kWarpRows, q, count);
    multiply_rows(dp, v, warp_in_block() * kWarpRows, dout, count);
#pragma unroll
    for (int n = 0; n < kSums; ++n) {
      if (n * 8 >= count) break;
      const unsigned kept = attention.drops() ? kept_of_transposed(attention, head, query + n * 8, first) : 15u;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int column = n * 8 + t + i % 2;
        const float column_lse = lse[column], column_delta = delta[column];
        scores[n][i] = fast_exp2(scores[n][i] * scale - column_lse);
        score_gradient(scores[n][i], dp[n][i], (kept >> i & 1u) != 0, keep_scale, column_delta);
      }
    }
    std::uint32_t rounded[kSums][2];
    round_sums<T>(rounded, scores);
    multiply_weights(dv, rounded, dout, count);
    round_sums<T>(rounded, dp);
    multiply_weights(dk, rounded, q, count);
  }
  if (here <= 0) return;
  if (gradient.dv != nullptr)
    store_rows(gradient.dv + from + first * row, row, dv, {keep_scale, keep_scale}, here, size, vectors);
  if (gradient.dk != nullptr)
    store_rows(gradient.dk + from + first * row, row, dk, {attention.scale, attention.scale}, here, size, vectors);
}

}  // namespace

template <typename T>
void attention_tensor_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient) {
  const bool vectors = has_vector_rows(attention, attention.q, attention.k, attention.v, gradient.dout, gradient.dq,
                                       gradient.dk, gradient.dv);
  const LaunchSite site(backend, "attention_backward");
  const Index pairs = attention.batch * attention.heads;
  with_head_size(attention.head_size, [&]<int kSize>(HeadSize<kSize>) {
    const Index query_tiles = ceil_div<Index>(attention.max_seqlen_q, kRows);
    launch<query_gradient_kernel<T, kSize>, sizeof(T) * Ring<T, kSize, 64>::kNumel>(
        blocks_for(pairs * query_tiles, 1), kThreads, site, attention, gradient, query_tiles, vectors);
    if (gradient.dk == nullptr && gradient.dv == nullptr) return;
    const Index key_tiles = ceil_div<Index>(attention.max_seqlen_k, kRows);
    launch<key_gradient_kernel<T, kSize>, kKeyGradientBytes<T, kSize>>(blocks_for(pairs * key_tiles, 1), kThreads, site,
                                                                       attention, gradient, key_tiles, vectors);
  });
}

template void attention_tensor_backward(Backend, const Attention<bfloat16>&, const AttentionGradient<bfloat16>&);
template void attention_tensor_backward(Backend, const Attention<float16>&, const AttentionGradient<float16>&);

}  // namespace tempa::inline TEMPA_ABI::cuda
