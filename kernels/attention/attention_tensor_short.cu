// Attention backward on tensor cores for sequences of up to 64 or 128 tokens: a block owns a head of a sequence, and q,
// k, v and dout of it are in shared memory. A warp first owns 16 queries, with whole rows of scores in registers: p
// from lse, dp, sum_j p dp, ds and dq. Then p and ds are written to shared memory, over k and v, and a warp owns 16
// keys: dv and dk. Where a batch has sequences of more than 64 tokens, those of up to 64 still get the small blocks, of
// which four fit where one large one does: two launches, in each of which the blocks of the other's sequences exit
// immediately. Five products, nothing computed twice, no atomics, the same bits in every run. Bytes moved: q, k, v,
// dout and lse once, dq, dk, dv once. Dao et al. 2022, "FlashAttention", for one tile.
#include "kernels/attention/attention_tensor.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <int kSize, int kRows>
struct ShortShape {
  static constexpr int kThreads = kRows / kWarpRows * kWarpSize, kSums = kRows / 8;
  static constexpr int kQuery = 0, kOut = kRows * kSize, kKey = 2 * kRows * kSize, kValue = 3 * kRows * kSize;
  static constexpr int kWeights = kKey,
                       kScores = kKey + kRows * kRows;  ///< p and ds, when k and v are no longer needed
  static constexpr int kNumel = kKey + 2 * kRows * (kSize > kRows ? kSize : kRows);
};

template <typename T, int kSize, int kRows>
__global__ void __launch_bounds__(ShortShape<kSize, kRows>::kThreads)
    backward_kernel(const Attention<T> attention, const AttentionGradient<T> gradient, int above, bool vectors) {
  using S = ShortShape<kSize, kRows>;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const AttentionHead head = attention_head(attention, blockIdx.x, threadIdx.x == 0);
  const int queries = head.queries, keys = head.keys, size = static_cast<int>(attention.head_size);
  const int longest = queries > keys ? queries : keys;
  if (longest <= above || longest > kRows) return;
  const Index row = attention.row(), from = head.query_at(attention), keys_from = head.key_at(attention);
  const int first = warp_in_block() * kWarpRows;
  const auto q = Tile<T, kSize>::at(S::kQuery, kRows), dout = Tile<T, kSize>::at(S::kOut, kRows);
  const auto k = Tile<T, kSize>::at(S::kKey, kRows), v = Tile<T, kSize>::at(S::kValue, kRows);
  const auto fetch = [&](const Tile<T, kSize>& tile, const T* x, int count) {
    tile.template fetch<S::kThreads>(x, row, round_up(count, 16), count, size, vectors);
  };
  fetch(q, attention.q + from, queries);
  fetch(k, attention.k + keys_from, keys);
  cp_async_commit();
  fetch(dout, gradient.dout + from, queries);
  fetch(v, attention.v + keys_from, keys);
  cp_async_commit();
  std::uint32_t weights[S::kSums][2], gradients[S::kSums][2];  // p and ds
  const bool has_queries = first < queries;
  {
    float scores[S::kSums][4] = {}, dp[S::kSums][4] = {};
    cp_async_wait<1>();
    __syncthreads();
    if (has_queries) multiply_rows(scores, q, first, k, keys);
    cp_async_wait<0>();
    __syncthreads();
    if (has_queries) {
      multiply_rows(dp, dout, first, v, keys);
      const int g = first + lane_in_warp() / 4, t = lane_in_warp() % 4 * 2;
      const float scale = attention.scale * kLog2E, keep_scale = attention.drops() ? attention.keep_scale : 1.0f;
      float lse[2], delta[2] = {0, 0};
#pragma unroll
      for (int half = 0; half < 2; ++half)
        lse[half] = g + half * 8 < queries ? gradient.lse[head.lse + g + half * 8] * kLog2E : kInfinity;
      std::uint32_t kept[S::kSums / 8] = {};  // 4 bits a product
#pragma unroll
      for (int n = 0; n < S::kSums; ++n) {
        if (n * 8 >= keys) break;
        const unsigned bits = attention.drops() ? kept_of_product(attention, head, first, n * 8) : 15u;
        kept[n / 8] |= bits << n % 8 * 4;
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const float p = n * 8 + t + i % 2 < keys ? fast_exp2(scores[n][i] * scale - lse[i / 2]) : 0.0f;
          scores[n][i] = p;
          if ((bits >> i & 1u) != 0) delta[i / 2] += p * (dp[n][i] * keep_scale);
        }
      }
#pragma unroll
      for (int half = 0; half < 2; ++half) delta[half] = warp_sum<4>(delta[half]);
#pragma unroll
      for (int n = 0; n < S::kSums; ++n) {
        if (n * 8 >= keys) break;
#pragma unroll
        for (int i = 0; i < 4; ++i)
          score_gradient(scores[n][i], dp[n][i], (kept[n / 8] >> (n % 8 * 4 + i) & 1u) != 0, keep_scale, delta[i / 2]);
      }
    }
    round_sums<T>(weights, scores);
    round_sums<T>(gradients, dp);
  }
  if (has_queries && gradient.dq != nullptr) {
    float dq[kSize / 8][4] = {};
    multiply_weights(dq, gradients, k, keys);
    store_rows(gradient.dq + from + first * row, row, dq, {attention.scale, attention.scale}, queries - first, size,
               vectors);
  }
  if (gradient.dk == nullptr && gradient.dv == nullptr) return;
  __syncthreads();
  const auto p = Tile<T, kRows>::at(S::kWeights, kRows), ds = Tile<T, kRows>::at(S::kScores, kRows);
  if (has_queries) {
#pragma unroll
    for (int n = 0; n < S::kSums; ++n) {
      if (n / 2 * 16 >= keys) break;
      p.put(weights[n], first, n);
      ds.put(gradients[n], first, n);
    }
  }
  __syncthreads();
  if (first >= keys) return;
  const Index to = keys_from + first * row;
  if (gradient.dv != nullptr) {
    float dv[kSize / 8][4] = {};
    multiply_transposed(dv, p, first, dout, queries);
    const float factor = attention.drops() ? attention.keep_scale : 1.0f;
    store_rows(gradient.dv + to, row, dv, {factor, factor}, keys - first, size, vectors);
  }
  if (gradient.dk != nullptr) {
    float dk[kSize / 8][4] = {};
    multiply_transposed(dk, ds, first, q, queries);
    store_rows(gradient.dk + to, row, dk, {attention.scale, attention.scale}, keys - first, size, vectors);
  }
}

}  // namespace

template <typename T>
void attention_short_backward(Backend backend, const Attention<T>& attention, const AttentionGradient<T>& gradient) {
  const bool vectors = has_vector_rows(attention, attention.q, attention.k, attention.v, gradient.dout, gradient.dq,
                                       gradient.dk, gradient.dv);
  with_head_size(attention.head_size, [&]<int kSize>(HeadSize<kSize>) {
    const auto start = [&]<int kRows>(std::integral_constant<int, kRows>, int above) {
      using S = ShortShape<kSize, kRows>;
      launch<backward_kernel<T, kSize, kRows>, sizeof(T) * S::kNumel>(
          blocks_for(attention.batch * attention.heads, 1), S::kThreads, LaunchSite(backend, "attention_backward"),
          attention, gradient, above, vectors);
    };
    start(std::integral_constant<int, 64>{}, 0);
    if (attention.max_seqlen_q > 64 || attention.max_seqlen_k > 64) start(std::integral_constant<int, 128>{}, 64);
  });
}

template void attention_short_backward(Backend, const Attention<bfloat16>&, const AttentionGradient<bfloat16>&);
template void attention_short_backward(Backend, const Attention<float16>&, const AttentionGradient<float16>&);

}  // namespace tempa::inline TEMPA_ABI::cuda
