// Attention forward on tensor cores. A block of four warps owns 64 queries of a head, each warp 16 of them, and loops
// over the keys in tiles of 64: k of the next tile is loaded (cp.async) while the warps multiply with v of the current,
// and v while they multiply with k. Scores, probabilities and results stay in registers, with a running maximum and sum
// of each row. A sequence of up to 64 tokens is one block and one tile; k and v are loaded together. Bytes moved: q, k,
// v once, out and lse once; k and v once more from the L2 cache for every further 64 queries. Dao 2023,
// "FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning".
#include "kernels/attention/attention_tensor.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kThreads = 128, kQueries = 64, kKeys = 64, kSums = kKeys / 8;

template <typename T, int kSize>
constexpr std::size_t kBytes = sizeof(T) * kSize*(kQueries + 2 * kKeys);

/// Running statistics of the two rows of a lane, in powers of 2.
struct RowStatistics {
  float max[2] = {-std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  float sum[2] = {0, 0};  ///< of this lane's columns

  /// Turns scores into e^(score - max) and adds them up; `correction` is the factor of the earlier sums.
  /// @param count keys of the tile; sums after them become 0.
  __device__ void add(float (&scores)[kSums][4], float (&correction)[2], int count, float scale) {
    const int t = lane_in_warp() % 4 * 2;
    float largest[2] = {max[0], max[1]};
#pragma unroll
    for (int n = 0; n < kSums; ++n) {
      if (n * 8 >= count) break;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        scores[n][i] = n * 8 + t + i % 2 < count ? scores[n][i] * scale : -std::numeric_limits<float>::infinity();
        largest[i / 2] = fmaxf(largest[i / 2], scores[n][i]);
      }
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      largest[half] = warp_max<4>(largest[half]);
      correction[half] = fast_exp2(max[half] - largest[half]);
      max[half] = largest[half];
      sum[half] *= correction[half];
    }
#pragma unroll
    for (int n = 0; n < kSums; ++n) {
      if (n * 8 >= count) break;
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        scores[n][i] = fast_exp2(scores[n][i] - max[i / 2]);
        sum[i / 2] += scores[n][i];
      }
    }
  }
};

/// Blocks of a multiprocessor that run at the same time: as many as possible without spilling registers.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
[[maybe_unused]] constexpr int kSmallBlocks = 4;
#else
[[maybe_unused]] constexpr int kSmallBlocks = 3;
#endif

template <typename T, int kSize>
__global__ void __launch_bounds__(kThreads, kSize > 64 ? 2 : kSmallBlocks)
    forward_kernel(const Attention<T> attention, const AttentionOutput<T> output, Index tiles, bool vectors) {
  const Index block = blockIdx.x;
  const int first_query = static_cast<int>(block % tiles) * kQueries;
  const AttentionHead head = attention_head(attention, block / tiles, first_query == 0 && threadIdx.x == 0);
  if (first_query >= head.queries) return;
  const Index row = attention.row(), from = head.query_at(attention), keys_from = head.key_at(attention);
  const int size = static_cast<int>(attention.head_size), first = first_query + warp_in_block() * kWarpRows;
  const int here = head.queries - first;  // rows of this warp
  const auto q = Tile<T, kSize>::at(0, kQueries), k = Tile<T, kSize>::at(kQueries * kSize, kKeys);
  const auto v = Tile<T, kSize>::at((kQueries + kKeys) * kSize, kKeys);
  const auto fetch = [&](const Tile<T, kSize>& tile, const T* x, int key) {
    const int left = head.keys - key, count = left < kKeys ? left : kKeys;
    tile.template fetch<kThreads>(x + keys_from + key * row, row, round_up(count, 16), count, size, vectors);
    cp_async_commit();
  };
  const int queries = head.queries - first_query < kQueries ? head.queries - first_query : kQueries;
  q.template fetch<kThreads>(attention.q + from + first_query * row, row, round_up(queries, 16), queries, size,
                             vectors);
  RowStatistics statistics;
  float out[kSize / 8][4] = {};
  const float scale = attention.scale * kLog2E;
  if (head.keys > 0) {
    fetch(k, attention.k, 0);
    fetch(v, attention.v, 0);
  }
  for (int key = 0; key < head.keys; key += kKeys) {
    const int count = head.keys - key < kKeys ? head.keys - key : kKeys;
    if (key == 0) {
      cp_async_wait<1>();
    } else {
      cp_async_wait<0>();
    }
    __syncthreads();
    if (key > 0) fetch(v, attention.v, key);
    float scores[kSums][4] = {}, correction[2];
    if (here > 0) {
      multiply_rows(scores, q, warp_in_block() * kWarpRows, k, count);
      statistics.add(scores, correction, count, scale);
#pragma unroll
      for (int n = 0; n < kSize / 8; ++n)
#pragma unroll
        for (int i = 0; i < 4; ++i) out[n][i] *= correction[i / 2];
      if (attention.drops()) {
#pragma unroll
        for (int n = 0; n < kSums; ++n) {
          if (n * 8 >= count) break;
          const unsigned kept = kept_of_product(attention, head, first, key + n * 8);
#pragma unroll
          for (int i = 0; i < 4; ++i) scores[n][i] = (kept >> i & 1u) != 0 ? scores[n][i] : 0.0f;
        }
      }
    }
    cp_async_wait<0>();
    __syncthreads();
    if (key + kKeys < head.keys) fetch(k, attention.k, key + kKeys);
    if (here > 0) {
      std::uint32_t weights[kSums][2];
      round_sums<T>(weights, scores);
      multiply_weights(out, weights, v, count);
    }
  }
  if (here <= 0) return;
  float factors[2];
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const float sum = warp_sum<4>(statistics.sum[half]);
    factors[half] = head.keys > 0 ? (attention.drops() ? attention.keep_scale : 1.0f) / sum : 0.0f;
    const int query = lane_in_warp() / 4 + half * 8;
    if (lane_in_warp() % 4 == 0 && query < here)
      output.lse[head.lse + first + query] = statistics.max[half] * kLn2 + math::log(sum);
  }
  store_rows(output.out + from + first * row, row, out, factors, here, size, vectors);
}

}  // namespace

template <typename T>
void attention_tensor_forward(Backend backend, const Attention<T>& attention, const AttentionOutput<T>& output) {
  const bool vectors = has_vector_rows(attention, attention.q, attention.k, attention.v, output.out);
  const Index tiles = ceil_div<Index>(attention.max_seqlen_q, kQueries);
  with_head_size(attention.head_size, [&]<int kSize>(HeadSize<kSize>) {
    launch<forward_kernel<T, kSize>, kBytes<T, kSize>>(blocks_for(attention.batch * attention.heads * tiles, 1),
                                                       kThreads, LaunchSite(backend, "attention_forward"), attention,
                                                       output, tiles, vectors);
  });
}

template void attention_tensor_forward(Backend, const Attention<bfloat16>&, const AttentionOutput<bfloat16>&);
template void attention_tensor_forward(Backend, const Attention<float16>&, const AttentionOutput<float16>&);

}  // namespace tempa::inline TEMPA_ABI::cuda
