// Parts of attention on tensor cores (mma.sync m16n8k16, sums in float), for 16-bit types and head sizes up to 128.
// A tile is rows of a head in shared memory, padded with zeros; the place of its 16-byte chunks depends on the row
// (XOR), so that the eight rows that a quarter of ldmatrix reads are in different banks. A warp owns 16 rows of a
// product. The sums of one product, packed to 16 bits in their registers, are the left operand of the next one, so that
// probabilities and their gradients do not go through shared memory.
#pragma once

#include "kernels/attention/attention.cuh"
#include "kernels/device/fast_math.cuh"
#include "kernels/device/tensor_core.cuh"

#include <numbers>
#include <type_traits>

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kChunk = 8;      ///< elements of 16 bytes
inline constexpr int kWarpRows = 16;  ///< of a product
inline constexpr float kLog2E = std::numbers::log2e_v<float>, kLn2 = std::numbers::ln2_v<float>;

/// Rows of `kColumns` elements in shared memory.
template <typename T, int kColumns_>
struct Tile {
  static constexpr int kColumns = kColumns_, kChunks = kColumns / kChunk;
  static_assert(kChunks == 4 || kChunks % 8 == 0);

  SharedPointer<T> elements;

  /// The tile of `rows` rows at `offset` elements.
  __device__ static Tile at(int offset, int rows) {
    return {shared_array<T>(sizeof(T) * static_cast<std::size_t>(offset), static_cast<std::size_t>(rows * kColumns))};
  }

  /// Chunk `chunk` of row `row`.
  __device__ SharedPointer<T> operator()(int row, int chunk) const {
    const int place = kChunks == 4 ? chunk ^ (row >> 1 & 3) : chunk ^ (row & 7);
    return elements + (row * kChunks + place) * kChunk;
  }

  /// Left operand: rows [row, row + 16), columns [16 step, 16 step + 16).
  __device__ void load_left(std::uint32_t (&a)[4], int row, int step) const {
    const int lane = lane_in_warp();
    ldmatrix_x4<T>(a, (*this)(row + lane % 16, 2 * step + lane / 16));
  }
  /// Left operand, transposed: its rows are the columns [column, column + 16) of rows [row, row + 16).
  __device__ void load_left_transposed(std::uint32_t (&a)[4], int row, int column) const {
    const int lane = lane_in_warp();
    ldmatrix_x4_transposed<T>(a, (*this)(row + lane / 16 * 8 + lane % 8, column / kChunk + lane / 8 % 2));
  }
  /// Right operands of two products, whose columns are the rows [row, row + 8) and [row + 8, row + 16), and whose rows
  /// are columns [16 step, 16 step + 16).
  __device__ void load_right(std::uint32_t (&b)[4], int row, int step) const {
    const int lane = lane_in_warp();
    ldmatrix_x4<T>(b, (*this)(row + lane / 16 * 8 + lane % 8, 2 * step + lane / 8 % 2));
  }
  /// Right operands of two products, whose columns are columns [16 pair, 16 pair + 8) and the 8 after them, and whose
  /// rows are rows [row, row + 16).
  __device__ void load_right_transposed(std::uint32_t (&b)[4], int row, int pair) const {
    const int lane = lane_in_warp();
    ldmatrix_x4_transposed<T>(b, (*this)(row + lane % 16, 2 * pair + lane / 16));
  }

  /// Starts loading `rows` rows, of which `count` exist; `size` elements of a row are used.
  /// @param vectors whether rows begin at multiples of 16 bytes, and are of whole chunks.
  template <int kThreads>
  __device__ void fetch(const T* x, Index row_size, int rows, int count, int size, bool vectors) const {
    for (int at = thread_in_block(); at < rows * kChunks; at += kThreads) {
      const int row = at / kChunks, column = at % kChunks * kChunk;
      const int here = row < count ? size - column : 0;
      const T* const from = x + row * row_size + column;
      const auto to = (*this)(row, at % kChunks);
      if (vectors) {
        cp_async_16(to, here > 0 ? from : x, here > 0 ? 16 : 0);
      } else {
        Vector<T, kChunk> values{};
#pragma unroll
        for (int i = 0; i < kChunk; ++i)
          if (i < here) values[i] = from[i];
        shared_cast<Vector<T, kChunk>>(to)[0] = values;
      }
    }
  }

  /// Writes the rounded sums of a product into rows [row, row + 16) of chunk `chunk`.
  __device__ void put(const std::uint32_t (&sums)[2], int row, int chunk) const {
    const int lane = lane_in_warp(), g = row + lane / 4, t = lane % 4 * 2;
    shared_cast<std::uint32_t>((*this)(g, chunk) + t)[0] = sums[0];
    shared_cast<std::uint32_t>((*this)(g + 8, chunk) + t)[0] = sums[1];
  }
};

/// c0 += A B0 and c1 += A B1. @param b both right operands.
template <typename T>
__device__ inline void multiply_pair(float (&c0)[4], float (&c1)[4], const std::uint32_t (&a)[4],
                                     const std::uint32_t (&b)[4]) {
  const std::uint32_t b0[2] = {b[0], b[1]}, b1[2] = {b[2], b[3]};
  mma_m16n8k16<T>(c0, a, b0);
  mma_m16n8k16<T>(c1, a, b1);
}

/// Sums rounded to 16 bits: two neighboring products are a left operand.
template <typename T, int kSums>
__device__ inline void round_sums(std::uint32_t (&rounded)[kSums][2], const float (&sums)[kSums][4]) {
#pragma unroll
  for (int n = 0; n < kSums; ++n)
#pragma unroll
    for (int half = 0; half < 2; ++half) rounded[n][half] = pack<T>(sums[n][2 * half], sums[n][2 * half + 1]);
}

/// sums_n += left right^T for the warp's rows of `left` and the first `count` rows of `right`.
template <int kSums, typename T, int kColumns>
__device__ inline void multiply_rows(float (&sums)[kSums][4], const Tile<T, kColumns>& left, int row,
                                     const Tile<T, kColumns>& right, int count) {
#pragma unroll
  for (int step = 0; step < kColumns / 16; ++step) {
    std::uint32_t a[4];
    left.load_left(a, row, step);
#pragma unroll
    for (int n = 0; n < kSums; n += 2) {
      if (n * 8 >= count) break;
      std::uint32_t b[4];
      right.load_right(b, n * 8, step);
      multiply_pair<T>(sums[n], sums[n + 1], a, b);
    }
  }
}

/// sums += weights right, the weights being rounded sums of products with the first `count` rows of `right`.
template <int kSums, typename T, int kColumns>
__device__ inline void multiply_weights(float (&sums)[kColumns / 8][4], const std::uint32_t (&weights)[kSums][2],
                                        const Tile<T, kColumns>& right, int count) {
#pragma unroll
  for (int n = 0; n < kSums; n += 2) {
    if (n * 8 >= count) break;
    const std::uint32_t a[4] = {weights[n][0], weights[n][1], weights[n + 1][0], weights[n + 1][1]};
#pragma unroll
    for (int pair = 0; pair < kColumns / 16; ++pair) {
      std::uint32_t b[4];
      right.load_right_transposed(b, n * 8, pair);
      multiply_pair<T>(sums[2 * pair], sums[2 * pair + 1], a, b);
    }
  }
}

/// sums += left^T right: columns [column, column + 16) of `left`, the first `count` rows of both.
template <typename T, int kLeft, int kColumns>
__device__ inline void multiply_transposed(float (&sums)[kColumns / 8][4], const Tile<T, kLeft>& left, int column,
                                           const Tile<T, kColumns>& right, int count) {
  for (int row = 0; row < count; row += 16) {
    std::uint32_t a[4];
    left.load_left_transposed(a, row, column);
#pragma unroll
    for (int pair = 0; pair < kColumns / 16; ++pair) {
      std::uint32_t b[4];
      right.load_right_transposed(b, row, pair);
      multiply_pair<T>(sums[2 * pair], sums[2 * pair + 1], a, b);
    }
  }
}

/// Writes a warp's 16 rows, of which `count` exist, times the factor of their row. Four lanes exchange their pieces, so
/// that each writes 16 bytes.
template <typename T, int kSums>
__device__ inline void store_rows(T* x, Index row_size, const float (&sums)[kSums][4], const float (&factors)[2],
                                  int count, int size, bool vectors) {
  const int t = lane_in_warp() % 4;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int row = lane_in_warp() / 4 + half * 8;
    T* const to = x + row * row_size;
#pragma unroll
    for (int n = 0; n < kSums; n += 4) {
      std::uint32_t r[4];
#pragma unroll
      for (int i = 0; i < 4; ++i)
        r[i] = pack<T>(sums[n + i][2 * half] * factors[half], sums[n + i][2 * half + 1] * factors[half]);
      if (vectors) {
        const bool odd = t % 2 != 0, upper = t >= 2;
#pragma unroll
        for (int i = 0; i < 4; i += 2) {
          const std::uint32_t other = __shfl_xor_sync(kAllLanes, odd ? r[i] : r[i + 1], 1);
          (odd ? r[i] : r[i + 1]) = other;
        }
#pragma unroll
        for (int i = 0; i < 2; ++i) {
          const std::uint32_t other = __shfl_xor_sync(kAllLanes, upper ? r[i] : r[i + 2], 2);
          (upper ? r[i] : r[i + 2]) = other;
        }
        const int column = (n + t) * kChunk;
        if (row < count && column < size) *reinterpret_cast<uint4*>(to + column) = make_uint4(r[0], r[1], r[2], r[3]);
      } else if (row < count) {
#pragma unroll
        for (int i = 0; i < 8; ++i) {
          const int column = (n + i / 2) * kChunk + 2 * t + i % 2;
          if (column < size) to[column].bits = static_cast<std::uint16_t>(r[i / 2] >> 16 * (i % 2));
        }
      }
    }
  }
}

/// Bit i: whether the mask keeps the element of number i of a block.
template <typename T>
__device__ inline unsigned kept_bits(const Attention<T>& attention, const uint4& words) {
  return (words.x >= attention.threshold ? 1u : 0u) | (words.y >= attention.threshold ? 2u : 0u) |
         (words.z >= attention.threshold ? 4u : 0u) | (words.w >= attention.threshold ? 8u : 0u);
}

/// Which of a lane's four sums of a product the mask keeps, bit i for sum i: rows are queries [query, query + 16),
/// columns keys [key, key + 8). Two lanes share the work: each draws the numbers of one of the rows for both.
template <typename T>
__device__ inline unsigned kept_of_product(const Attention<T>& attention, const AttentionHead& head, int query,
                                           int key) {
  const int lane = lane_in_warp(), t = lane % 4;
  const bool odd = t % 2 != 0;
  const uint4 words = mask_bits(attention, head, query + lane / 4 + (odd ? 8 : 0), key + t / 2 * 4);
  const unsigned drawn = kept_bits(attention, words);
  const unsigned other = __shfl_xor_sync(kAllLanes, drawn, 1);  // the odd lane has row g + 8, the even one row g
  return odd ? (other >> 2 & 3u) | (drawn & 12u) : (drawn & 3u) | (other & 3u) << 2;
}

/// The same for a product whose rows are keys [key, key + 16) and whose columns are queries [query, query + 8): four
/// lanes share the work.
template <typename T>
__device__ inline unsigned kept_of_transposed(const Attention<T>& attention, const AttentionHead& head, int query,
                                              int key) {
  const int g = lane_in_warp() / 4, t = lane_in_warp() % 4, r = g % 4;  // lane r of the four draws for sum r of all
  const uint4 words = mask_bits(attention, head, query + 2 * t + r % 2, key + g / 4 * 4 + r / 2 * 8);
  unsigned drawn = kept_bits(attention, words) << 4 * r;
  drawn |= __shfl_xor_sync(kAllLanes, drawn, 4);
  drawn |= __shfl_xor_sync(kAllLanes, drawn, 8);
  drawn >>= r;
  return (drawn & 1u) | (drawn >> 3 & 2u) | (drawn >> 6 & 4u) | (drawn >> 9 & 8u);
}

/// dp becomes the gradient of the score, p (mask dp - delta), and p becomes mask p, except for the factor of the mask.
__device__ inline void score_gradient(float& p, float& dp, bool kept, float keep_scale, float delta) {
  dp = p * ((kept ? dp * keep_scale : 0.0f) - delta);
  p = kept ? p : 0.0f;
}

/// A head size for which a kernel is compiled.
template <int kSize>
using HeadSize = std::integral_constant<int, kSize>;

/// Calls `f(HeadSize)` with the smallest one that fits a head of up to 128.
template <typename F>
void with_head_size(Index head_size, F&& f) {
  if (head_size <= 32) {
    f(HeadSize<32>{});
  } else if (head_size <= 64) {
    f(HeadSize<64>{});
  } else {
    f(HeadSize<128>{});
  }
}

/// Whether tiles of all tensors of a call can be loaded and stored in chunks of 16 bytes.
template <typename T, typename... Pointers>
bool has_vector_rows(const Attention<T>& attention, const Pointers*... tensors) {
  return attention.head_size % kChunk == 0 && (is_vector_aligned<kChunk>(tensors) && ...);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
