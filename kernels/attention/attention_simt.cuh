// Parts of attention by ordinary multiply-adds. Tiles of rows are in shared memory, padded with zeros; a warp owns
// 8 rows. A lane owns a column when a product sums over the head's elements, and every 32nd element of the warp's rows
// when it sums over columns; in between, the weights of a warp are exchanged through shared memory.
#pragma once

#include "kernels/attention/attention.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

inline constexpr int kRows = 8;  ///< of a warp
inline constexpr int kColumns = kWarpSize;

/// Sizes for head sizes up to `kSize`.
template <typename T, int kSize_>
struct SimtShape {
  using A = Accumulator<T>;
  static constexpr int kSize = kSize_;
  static constexpr bool kWide = kSize * sizeof(A) > 1024;  ///< then fewer rows fit into shared memory
  static constexpr int kWarps = kWide ? 2 : 4;
  static constexpr int kThreads = kWarps * kWarpSize;
  static constexpr int kBlockRows = kWarps * kRows;
  static constexpr int kVector = kVectorSize<A>;
  static constexpr int kStride =
      kSize + kVector;  ///< of rows in shared memory: neighboring rows begin in different banks
  static constexpr int kParts = kSize / kWarpSize;  ///< elements of a row's result in a lane

  static constexpr std::size_t bytes(int tiles_of_rows, int tiles_of_columns) {
    return sizeof(A) * static_cast<std::size_t>(kStride * (tiles_of_rows * kBlockRows + tiles_of_columns * kColumns) +
                                                kBlockRows * kColumns);
  }
};

/// SimtRows of the block's shared memory: `count` of them after the first `first`.
template <typename S>
__device__ inline SharedPointer<typename S::A> shared_rows(int first, int count) {
  using A = typename S::A;
  return shared_array<A>(sizeof(A) * static_cast<std::size_t>(S::kStride * first),
                         static_cast<std::size_t>(S::kStride * count));
}

/// The warp's weights (kRows,kColumns), after all rows.
template <typename S>
__device__ inline SharedPointer<typename S::A> shared_weights(int rows) {
  using A = typename S::A;
  constexpr int kNumel = kRows * kColumns;
  return shared_array<A>(sizeof(A) * static_cast<std::size_t>(S::kStride * rows + warp_in_block() * kNumel), kNumel);
}

/// tile_id = factor x_id for `count` of `rows` rows, 0 for the others and after `size`.
template <typename S, typename T>
__device__ inline void load_tile(SharedPointer<typename S::A> tile, const T* x, Index row, int rows, int count,
                                 int size, typename S::A factor) {
  using A = typename S::A;
  const int depth = round_up(size, S::kVector);
  for (int at = thread_in_block(); at < rows * depth; at += S::kThreads) {
    const int i = at / depth, d = at % depth;
    tile[i * S::kStride + d] = i < count && d < size ? factor * to_accumulator(x[i * row + d]) : A(0);
  }
}

/// result_r = sum_d rows_rd column_d for a warp's rows and a lane's column.
template <typename S>
__device__ inline void dot(typename S::A (&result)[kRows], SharedPointer<typename S::A> rows,
                           SharedPointer<typename S::A> column, int size) {
  using A = typename S::A;
  using V = Vector<A, S::kVector>;
#pragma unroll
  for (int r = 0; r < kRows; ++r) result[r] = 0;
  for (int d = 0; d < size; d += S::kVector) {
    const V x = shared_cast<V>(column + d)[0];
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const V y = shared_cast<V>(rows + (r * S::kStride + d))[0];
#pragma unroll
      for (int i = 0; i < S::kVector; ++i) result[r] += x[i] * y[i];
    }
  }
}

/// result_rd += sum_j weights_rj columns_jd. @param weights (kRows,kColumns) of the warp. @param count columns
/// in use: the weights of the others are 0.
template <typename S>
__device__ inline void add_columns(typename S::A (&result)[kRows][S::kParts], SharedPointer<typename S::A> weights,
                                   SharedPointer<typename S::A> columns, int count, int size) {
  using A = typename S::A;
  using V = Vector<A, S::kVector>;
  for (int j = 0; j < count; j += S::kVector) {
    V w[kRows];
#pragma unroll
    for (int r = 0; r < kRows; ++r) w[r] = shared_cast<V>(weights + (r * kColumns + j))[0];
#pragma unroll
    for (int i = 0; i < S::kVector; ++i) {
#pragma unroll
      for (int part = 0; part < S::kParts; ++part) {
        const int d = lane_in_warp() + part * kWarpSize;
        if (d >= size) continue;
        const A x = columns[(j + i) * S::kStride + d];
#pragma unroll
        for (int r = 0; r < kRows; ++r) result[r][part] += w[r][i] * x;
      }
    }
  }
}

/// weights_rj = values_r of lane j, for the warp to read in rows.
template <typename A>
__device__ inline void put_weights(SharedPointer<A> weights, const A (&values)[kRows]) {
  __syncwarp();
#pragma unroll
  for (int r = 0; r < kRows; ++r) weights[r * kColumns + lane_in_warp()] = values[r];
  __syncwarp();
}

/// Bit r: whether the mask keeps the lane's key for query `first + r`. The lanes share the work by way of `scratch`.
template <typename T>
__device__ inline unsigned kept_of_queries(const Attention<T>& attention, const AttentionHead& head, int first, int key,
                                           SharedPointer<Accumulator<T>> scratch) {
  constexpr int kBlocks = kColumns / 4;  // of a query
  const auto words = shared_cast<std::uint32_t>(scratch);
  __syncwarp();
#pragma unroll
  for (int b = lane_in_warp(); b < kRows * kBlocks; b += kWarpSize)
    shared_cast<uint4>(words)[b] = mask_bits(attention, head, first + b / kBlocks, key + b % kBlocks * 4);
  __syncwarp();
  unsigned kept = 0;
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    const std::uint32_t bits = words[r * kColumns + lane_in_warp()];
    if (bits >= attention.threshold) kept |= 1u << r;
  }
  return kept;
}

/// Bit r: whether the mask keeps key `first + r` for the lane's query.
template <typename T>
__device__ inline unsigned kept_of_keys(const Attention<T>& attention, const AttentionHead& head, int query,
                                        int first) {
  unsigned kept = 0;
#pragma unroll
  for (int r = 0; r < kRows; r += 4) {
    const uint4 bits = mask_bits(attention, head, query, first + r);
#pragma unroll
    for (int i = 0; i < 4; ++i)
      if (word_of(bits, i) >= attention.threshold) kept |= 1u << (r + i);
  }
  return kept;
}

/// Writes a warp's rows.
template <typename S, typename T>
__device__ inline void store_rows(T* x, Index row, const typename S::A (&values)[kRows][S::kParts],
                                  const typename S::A (&factors)[kRows], int count, int size) {
#pragma unroll
  for (int r = 0; r < kRows; ++r) {
    if (r >= count) continue;
#pragma unroll
    for (int part = 0; part < S::kParts; ++part)
      if (const int d = lane_in_warp() + part * kWarpSize; d < size)
        x[r * row + d] = from_accumulator<T>(values[r][part] * factors[r]);
  }
}

/// The rows that a block and its warps own.
struct SimtRows {
  Index pair;  ///< sequence and head
  int first, first_of_warp;

  template <typename S>
  __device__ static SimtRows of_block(S, Index tiles) {
    const Index block = blockIdx.x;
    const int first = static_cast<int>(block % tiles) * S::kBlockRows;
    return {block / tiles, first, first + warp_in_block() * kRows};
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
