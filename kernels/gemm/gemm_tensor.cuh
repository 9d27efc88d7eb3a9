// Matrix products of 16-bit types on tensor cores (mma.sync m16n8k16, sums in float), for sm_80 and newer.
// A block of four warps owns a tile of C and loops over k in steps of 32: cp.async loads the next pieces of A and B
// into a ring of kStages in shared memory while the warps multiply the current one; one barrier a step. Pieces have the
// same layout in shared memory as in device memory, in 16-byte chunks whose place within 128 bytes depends on the row
// (XOR), so that the eight rows that a quarter of ldmatrix reads, and those that cp.async writes, are in different
// banks; ldmatrix transposes what is not contiguous in k. A warp owns a quarter of the tile: (rows + columns) 16 words
// from shared memory for rows columns 16 multiply-adds. The sums go through shared memory once more, so that rows of C
// are written whole. At the edges, cp.async fills with zeros. Operands whose rows do not begin at
// multiples of 16 bytes are loaded element by element (kAligned = false).
#pragma once

#include "kernels/device/tensor_core.cuh"
#include "kernels/gemm/gemm_tiles.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

template <int kTileRows_, int kTileColumns_, int kStages_, int kBlocks_>
struct TensorTile {
  static constexpr int kTileRows = kTileRows_, kTileColumns = kTileColumns_, kDepth = 32;
  static constexpr int kStages = kStages_, kBlocks = kBlocks_;  ///< kBlocks of a multiprocessor at the same time
  static constexpr int kThreads = 128;
  static constexpr int kWarpRows = kTileRows / 2, kWarpColumns = kTileColumns / 2;
  static constexpr int kRowParts = kWarpRows / 16, kColumnParts = kWarpColumns / 8;  ///< mma of a warp
};

inline constexpr int kChunk = 8;  // elements of 16 bytes

/// A piece of one operand in shared memory: `kWidth` rows of C (or columns) by kDepth steps of k. `kAlongK`: k runs
/// along the rows of the operand, as in A, or in B transposed.
template <typename T, int kWidth, int kDepth, bool kAlongK, int kThreads>
struct TensorPiece {
  static constexpr int kNumel = kWidth * kDepth;
  static constexpr int kRowChunks = (kAlongK ? kDepth : kWidth) / kChunk;

  /// The offset of chunk `chunk` of row `row`, in elements.
  __device__ static int place(int row, int chunk) {
    if constexpr (kRowChunks == 4) return (row * 4 + (chunk ^ ((row >> 1) & 3))) * kChunk;
    return (row * kRowChunks + (chunk ^ (row & 7))) * kChunk;
  }

  /// Starts loading the piece whose first element is `p`. @param width, depth how much of the operand is left.
  template <bool kAligned>
  __device__ static void fetch(SharedPointer<T> piece, const T* p, Index ld, int width, int depth) {
    constexpr int kCount = kNumel / kChunk / kThreads;
#pragma unroll
    for (int c = 0; c < kCount; ++c) {
      const int number = thread_in_block() + c * kThreads, row = number / kRowChunks, chunk = number % kRowChunks;
      const int left = (kAlongK ? depth : width) - chunk * kChunk;
      const int here = row < (kAlongK ? width : depth) ? (left < 0 ? 0 : left < kChunk ? left : kChunk) : 0;
      const T* const from = p + (here > 0 ? row * ld + chunk * kChunk : Index{0});
      const auto to = piece + place(row, chunk);
      if constexpr (kAligned) {
        cp_async_16(to, from, here * static_cast<int>(sizeof(T)));
      } else {
        Vector<T, kChunk> values{};
#pragma unroll
        for (int i = 0; i < kChunk; ++i)
          if (i < here) values[i] = from[i];
        shared_cast<Vector<T, kChunk>>(to)[0] = values;
      }
    }
  }

  /// 16 x 16 elements, `first` rows of C and `k` terms into the piece, as registers of mma's A: rows lane / 4 and 8
  /// more, k 2 (lane % 4) and 8 more.
  __device__ static void load_a(SharedPointer<const T> piece, int first, int k, std::uint32_t (&registers)[4]) {
    const int lane = lane_in_warp();
    if constexpr (kAlongK) {
      ldmatrix_x4<T>(registers, piece + place(first + lane % 16, k / kChunk + lane / 16));
    } else {
      ldmatrix_x4_transposed<T>(registers, piece + place(k + lane / 16 * 8 + lane % 8, first / kChunk + lane / 8 % 2));
    }
  }

  /// The same for 16 columns of C, as registers of mma's B for the first eight and for the others.
  __device__ static void load_b(SharedPointer<const T> piece, int first, int k, std::uint32_t (&low)[2],
                                std::uint32_t (&high)[2]) {
    const int lane = lane_in_warp();
    std::uint32_t registers[4];
    if constexpr (kAlongK) {
      ldmatrix_x4<T>(registers, piece + place(first + lane / 16 * 8 + lane % 8, k / kChunk + lane / 8 % 2));
    } else {
      ldmatrix_x4_transposed<T>(registers, piece + place(k + lane % 16, first / kChunk + lane / 16));
    }
    low[0] = registers[0], low[1] = registers[1];
    high[0] = registers[2], high[1] = registers[3];
  }
};

/// Two ones of a 16-bit type in a register.
template <typename T>
inline constexpr std::uint32_t kTwoOnes = std::same_as<T, bfloat16> ? 0x3f803f80u : 0x3c003c00u;

template <typename T, typename Tile, bool kTransA, bool kTransB, bool kAligned, bool kMaySumA>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks) gemm_tensor(const Product<T> product) {
  constexpr int kDepth = Tile::kDepth, kStages = Tile::kStages;
  using PieceA = TensorPiece<T, Tile::kTileRows, kDepth, !kTransA, Tile::kThreads>;
  using PieceB = TensorPiece<T, Tile::kTileColumns, kDepth, kTransB, Tile::kThreads>;
  const auto shared_a = shared_array<T>(0, kStages * PieceA::kNumel);
  const auto shared_b = shared_array<T>(kStages * PieceA::kNumel * sizeof(T), kStages * PieceB::kNumel);

  const int slice = static_cast<int>(blockIdx.y), batch = static_cast<int>(blockIdx.z);
  const TilePlace tile(static_cast<int>(blockIdx.x), ceil_div(product.m, Tile::kTileRows),
                       max_of(1, ceil_div(product.n, Tile::kTileColumns)));
  const int first_row = tile.row * Tile::kTileRows, first_column = tile.column * Tile::kTileColumns;
  const int depth = product.slice_length(slice), steps = ceil_div(depth, kDepth);
  const T* const a = product.a_of(slice, batch) + (kTransA ? Index{first_row} : first_row * product.lda);
  const T* const b = product.b_of(slice, batch) + (kTransB ? first_column * product.ldb : Index{first_column});
  const Index a_step = kTransA ? kDepth * product.lda : kDepth, b_step = kTransB ? kDepth : kDepth * product.ldb;
  const int width_a = product.m - first_row, width_b = product.n - first_column;
  const auto fetch = [&](int step) {
    if (step < steps) {
      const int stage = step % kStages, left = depth - step * kDepth;
      PieceA::template fetch<kAligned>(shared_a + stage * PieceA::kNumel, a + step * a_step, product.lda, width_a,
                                       left);
      PieceB::template fetch<kAligned>(shared_b + stage * PieceB::kNumel, b + step * b_step, product.ldb, width_b,
                                       left);
    }
    cp_async_commit();  // a group a step, empty ones too, so that the number of groups to wait for is constant
  };

  const int warp = warp_in_block();
  const int warp_row = warp / 2 * Tile::kWarpRows, warp_column = warp % 2 * Tile::kWarpColumns;
  const bool sums_a = kMaySumA && product.a_sum != nullptr && tile.column == 0 && warp % 2 == 0;
  float sums[Tile::kRowParts][Tile::kColumnParts][4] = {};
  float a_sums[kMaySumA ? Tile::kRowParts : 1][4] = {};
#pragma unroll
  for (int step = 0; step < kStages - 1; ++step) fetch(step);
  for (int step = 0; step < steps; ++step) {
    cp_async_wait<kStages - 2>();
    __syncthreads();  // all parts of this step are loaded, and nobody reads the stage that is filled next
    fetch(step + kStages - 1);
    const auto from_a = shared_a + step % kStages * PieceA::kNumel;
    const auto from_b = shared_b + step % kStages * PieceB::kNumel;
#pragma unroll
    for (int k = 0; k < kDepth; k += 16) {
      std::uint32_t rows[Tile::kRowParts][4], columns[Tile::kColumnParts][2];
#pragma unroll
      for (int i = 0; i < Tile::kRowParts; ++i) PieceA::load_a(from_a, warp_row + i * 16, k, rows[i]);
#pragma unroll
      for (int j = 0; j < Tile::kColumnParts; j += 2)
        PieceB::load_b(from_b, warp_column + j * 8, k, columns[j], columns[j + 1]);
#pragma unroll
      for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::kColumnParts; ++j) mma_m16n8k16<T>(sums[i][j], rows[i], columns[j]);
      }
      if constexpr (kMaySumA) {
        if (sums_a) {
          const std::uint32_t ones[2] = {kTwoOnes<T>, kTwoOnes<T>};
#pragma unroll
          for (int i = 0; i < Tile::kRowParts; ++i) mma_m16n8k16<T>(a_sums[i], rows[i], ones);
        }
      }
    }
  }
  __syncthreads();  // the pieces are read: their memory is free

  if constexpr (kMaySumA) {
    if (sums_a && lane_in_warp() % 4 == 0) {
#pragma unroll
      for (int i = 0; i < Tile::kRowParts * 2; ++i)
        put_row_sum(product, slice, first_row + warp_row + i * 8 + lane_in_warp() / 4, a_sums[i / 2][i % 2 * 2]);
    }
  }
  constexpr int kStaging = warp_staging<2, Tile::kColumnParts>();
  const auto staging = shared_array<float>(static_cast<std::size_t>(warp * kStaging) * sizeof(float), kStaging);
  put_warp_sums<2, Tile::kColumnParts>(product, slice, batch, first_row + warp_row, first_column + warp_column, sums,
                                       staging);
}

template <typename Tile, bool kTransA, bool kTransB, bool kAligned, bool kMaySumA, typename T>
void launch_tensor_tile(LaunchSite site, const Product<T>& product) {
  constexpr std::size_t kPieces = Tile::kStages * (Tile::kTileRows + Tile::kTileColumns) * Tile::kDepth * sizeof(T);
  constexpr std::size_t kSums = Tile::kThreads / kWarpSize * warp_staging<2, Tile::kColumnParts>() * sizeof(float);
  launch<gemm_tensor<T, Tile, kTransA, kTransB, kAligned, kMaySumA>, (kPieces < kSums ? kSums : kPieces)>(
      tile_grid(product, Tile::kTileRows, Tile::kTileColumns), Tile::kThreads, site, product);
}

using LargeTensorTile = TensorTile<128, 128, 4, 2>;
using WideTensorTile = TensorTile<64, 128, 4, 3>;
using SmallTensorTile = TensorTile<64, 64, 4, 4>;

template <bool kTransA, bool kTransB, bool kMaySumA, typename T>
void launch_tensor_shape(LaunchSite site, const Product<T>& product, int tile) {
  if (tile == 0) return launch_tensor_tile<LargeTensorTile, kTransA, kTransB, true, kMaySumA>(site, product);
  if (tile == 1) return launch_tensor_tile<WideTensorTile, kTransA, kTransB, true, kMaySumA>(site, product);
  launch_tensor_tile<SmallTensorTile, kTransA, kTransB, true, kMaySumA>(site, product);
}

/// Cases that linear layers in training do not need are compiled for the small tile only: unaligned operands, both
/// operands transposed, sums of A's rows other than in the gradient of a weight.
template <Floating T>
void launch_tensor(LaunchSite site, const Product<T>& product, int tile) {
  const bool aligned = is_vector_aligned<kChunk>(product.a, product.lda) && product.stride_a % kChunk == 0 &&
                       product.slice_a % kChunk == 0 && product.template is_b_aligned<kChunk>() &&
                       product.stride_b % kChunk == 0 && product.slice_b % kChunk == 0;
  const bool sums_a = product.a_sum != nullptr;
  if (aligned && !product.trans_a && product.trans_b && !sums_a)
    return launch_tensor_shape<false, true, false>(site, product, tile);
  if (aligned && !product.trans_a && !product.trans_b && !sums_a)
    return launch_tensor_shape<false, false, false>(site, product, tile);
  if (aligned && product.trans_a && !product.trans_b) {
    if (sums_a) return launch_tensor_shape<true, false, true>(site, product, tile);
    return launch_tensor_shape<true, false, false>(site, product, tile);
  }
  if (product.trans_a) {
    if (product.trans_b) return launch_tensor_tile<SmallTensorTile, true, true, false, true>(site, product);
    return launch_tensor_tile<SmallTensorTile, true, false, false, true>(site, product);
  }
  if (product.trans_b) return launch_tensor_tile<SmallTensorTile, false, true, false, true>(site, product);
  launch_tensor_tile<SmallTensorTile, false, false, false, true>(site, product);
}

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
