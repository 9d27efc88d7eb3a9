// Matrix products of 16-bit types on devices of compute capability 9.0.
// Persistent blocks loop over the tiles. Of a block's three warpgroups, one, the producer, only starts TMA copies of
// the next pieces of A and B, 64 steps of k each, into a ring of kStages in shared memory. The other two own 64 rows of
// the tile each and multiply by wgmma from shared memory; they start a group of products before they wait for the
// previous one. Two barriers a stage tell that it is filled, and that both warpgroups have read it, so that the
// producer is already loading the next tile while this one is written. It gives up registers for the other two. Pieces
// are rows of 128 bytes with TMA's 128-byte swizzle, with k along the rows or across them, as in the operand: wgmma
// reads both. TMA fills elements outside the matrices with zeros.
#pragma once

#include <tempa/device/cuda/device.hpp>

#include "kernels/device/hopper.cuh"
#include "kernels/gemm/gemm_peers.cuh"
#include "kernels/gemm/gemm_tiles.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// Sizes of the kernel for tiles of 128 x kColumns.
template <typename T, int kColumns>
struct HopperTile {
  static constexpr int kRows = 128, kDepth = 64, kConsumers = 2, kThreads = (kConsumers + 1) * hopper::kWarpgroup;
  static constexpr int kSlabBytes = 64 * kDepth * static_cast<int>(sizeof(T));  ///< 64 rows of C, or columns
  static constexpr int kBytesA = kRows / 64 * kSlabBytes, kBytesB = kColumns / 64 * kSlabBytes;
  static constexpr int kStageBytes = kBytesA + kBytesB;
  static constexpr int kStages = kColumns == 256 ? 4 : kColumns == 192 ? 5 : kColumns == 128 ? 6 : 8;
  static constexpr int kStaging = warp_staging<1, 4>();  ///< floats of a warp
  static constexpr int kWarps = kConsumers * hopper::kWarpgroup / kWarpSize;
  static constexpr int kOnesBytes = 1024;  ///< eight columns of ones, for the sums of A's rows
  static constexpr int kStagingOffset = kStages * kStageBytes;
  static constexpr int kOnesOffset = kStagingOffset + kWarps * kStaging * static_cast<int>(sizeof(float));
  static constexpr int kBarrierOffset = kOnesOffset + kOnesBytes;
  static constexpr int kAlignment = 1024;  ///< of stages; the block's memory may begin anywhere
  static constexpr int kSharedBytes = kBarrierOffset + 2 * kStages * 8 + kAlignment;
  static_assert(kSharedBytes <= 227 * 1024);
};

/// A position in the ring: the current stage, and the parity of its round.
template <int kStages>
struct RingPlace {
  int stage = 0;
  unsigned parity = 0;

  __device__ void next() {
    if (++stage == kStages) {
      stage = 0;
      parity ^= 1;
    }
  }
};

/// A tile of one slice of one product of the batch.
struct HopperWork {
  int row, column, slice, batch;

  template <typename T>
  __device__ HopperWork(const Product<T>& product, int number, int tile_rows, int tile_columns) {
    const int tiles = tile_rows * tile_columns, rest = number / tiles;
    const TilePlace tile(number % tiles, tile_rows, tile_columns);
    row = tile.row;
    column = tile.column;
    slice = rest % product.slices;
    batch = rest / product.slices;
  }
};

template <typename T, int kColumns, bool kTransA, bool kTransB, bool kSumA>
__global__ void __launch_bounds__(HopperTile<T, kColumns>::kThreads, 1)
    gemm_sm90(const __grid_constant__ CUtensorMap map_a, const __grid_constant__ CUtensorMap map_b,
              const __grid_constant__ Product<T> product, const int works) {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  using Tile = HopperTile<T, kColumns>;
  constexpr int kDepth = Tile::kDepth, kStages = Tile::kStages;
  unsigned char* const raw = shared_array<unsigned char>(0, Tile::kSharedBytes);
  unsigned char* const memory = raw + (Tile::kAlignment - shared_address(raw) % Tile::kAlignment) % Tile::kAlignment;
  auto* const came = reinterpret_cast<std::uint64_t*>(memory + Tile::kBarrierOffset);
  std::uint64_t* const done = came + kStages;
  const int warpgroup = thread_in_block() / hopper::kWarpgroup;
  const int tile_rows = ceil_div(product.m, Tile::kRows), tile_columns = ceil_div(product.n, kColumns);

  if (thread_in_block() == 0) {
    hopper::tma_prefetch(&map_a);
    hopper::tma_prefetch(&map_b);
    for (int stage = 0; stage < kStages; ++stage) {
      hopper::barrier_init(came + stage, 1);
      hopper::barrier_init(done + stage, Tile::kWarps);
    }
    hopper::barrier_init_fence();
  }
  if constexpr (kSumA) {
    auto* const ones = reinterpret_cast<T*>(memory + Tile::kOnesOffset);
    for (int i = thread_in_block(); i < Tile::kOnesBytes / static_cast<int>(sizeof(T)); i += Tile::kThreads)
      ones[i] = from_accumulator<T>(1.0f);
    hopper::shared_memory_fence();
  }
  __syncthreads();

  RingPlace<kStages> place;
  if (warpgroup == 0) {
    hopper::lower_registers<40>();
    if (thread_in_block() != 0) return;
    for (int number = static_cast<int>(blockIdx.x); number < works; number += static_cast<int>(gridDim.x)) {
      const HopperWork work(product, number, tile_rows, tile_columns);
      const int first_k = work.slice * product.k_slice, steps = ceil_div(product.slice_length(work.slice), kDepth);
      const int row = work.row * Tile::kRows, column = work.column * kColumns;
      for (int step = 0; step < steps; ++step, place.next()) {
        const int k = first_k + step * kDepth;
        unsigned char* const a = memory + place.stage * Tile::kStageBytes;
        unsigned char* const b = a + Tile::kBytesA;
        std::uint64_t* const barrier = came + place.stage;
        hopper::barrier_wait(done + place.stage, place.parity ^ 1);  // nobody has to be waited for in the first round
        hopper::barrier_arrive_expect(barrier, Tile::kStageBytes);
        if constexpr (kTransA) {
          for (int slab = 0; slab < Tile::kRows / 64; ++slab)
            hopper::tma_load(a + slab * Tile::kSlabBytes, &map_a, row + slab * 64, k, work.batch, barrier);
        } else {
          hopper::tma_load(a, &map_a, k, row, work.batch, barrier);
        }
        if constexpr (kTransB) {
          hopper::tma_load(b, &map_b, k, column, work.batch, barrier);
        } else {
          for (int slab = 0; slab < kColumns / 64; ++slab)
            hopper::tma_load(b + slab * Tile::kSlabBytes, &map_b, column + slab * 64, k, work.batch, barrier);
        }
      }
    }
    return;
  }

  hopper::raise_registers<232>();
  const int consumer = warpgroup - 1, warp = warp_in_block() - hopper::kWarpgroup / kWarpSize;
  const auto release = [&](int stage) {
    if (lane_in_warp() == 0) hopper::barrier_arrive(done + stage);
  };
  auto* const staging = reinterpret_cast<float*>(memory + Tile::kStagingOffset) + warp * Tile::kStaging;
  const std::uint64_t ones = hopper::matrix_descriptor(memory + Tile::kOnesOffset, 16);
  for (int number = static_cast<int>(blockIdx.x); number < works; number += static_cast<int>(gridDim.x)) {
    const HopperWork work(product, number, tile_rows, tile_columns);
    const int steps = ceil_div(product.slice_length(work.slice), kDepth);
    float sums[1][kColumns / 8][4] = {};
    float a_sums[1][4] = {};
    int former = 0;
    for (int step = 0; step < steps; ++step, place.next()) {
      const unsigned char* const a = memory + place.stage * Tile::kStageBytes + consumer * Tile::kSlabBytes;
      const unsigned char* const b = memory + place.stage * Tile::kStageBytes + Tile::kBytesA;
      hopper::barrier_wait(came + place.stage, place.parity);
      hopper::wgmma_begin();
#pragma unroll
      for (int k = 0; k < kDepth; k += 16) {  // 16 steps of k are 32 bytes of a row, or 16 rows
        const std::uint64_t left =
            hopper::matrix_descriptor(a + (kTransA ? k * 128 : k * 2), kTransA ? Tile::kSlabBytes : 16);
        const std::uint64_t right =
            hopper::matrix_descriptor(b + (kTransB ? k * 2 : k * 128), kTransB ? 16 : Tile::kSlabBytes);
        hopper::wgmma<T, kColumns, kTransA, !kTransB>(sums[0], left, right);
        if constexpr (kSumA) hopper::wgmma<T, 8, kTransA, false>(a_sums, left, ones);
      }
      hopper::wgmma_commit();
      if (step > 0) {
        hopper::wgmma_wait<1>();
        release(former);
      }
      former = place.stage;
    }
    hopper::wgmma_wait<0>();
    release(former);

    const int row = work.row * Tile::kRows + warp * 16, column = work.column * kColumns;
    if constexpr (kSumA) {
      if (work.column == 0 && lane_in_warp() % 4 == 0) {
        put_row_sum(product, work.slice, row + lane_in_warp() / 4, a_sums[0][0]);
        put_row_sum(product, work.slice, row + lane_in_warp() / 4 + 8, a_sums[0][2]);
      }
    }
    put_warp_sums<1, 4>(product, work.slice, work.batch, row, column, sums, staging);
  }
#else
  __trap();  // run_hopper starts it on 9.0 only
#endif
}

/// Starts the kernel for one of `kHopperTiles`. @param works tiles of all slices and products. @param blocks that
/// share them.
template <TensorCoreElement T>
void launch_hopper(LaunchSite site, const CUtensorMap& map_a, const CUtensorMap& map_b, const Product<T>& product,
                   int tile, int works, int blocks) {
  const auto start = [&]<int kColumns>(std::integral_constant<int, kColumns>) {
    const auto with = [&]<bool kTransA, bool kTransB, bool kSumA>() {
      using Tile = HopperTile<T, kColumns>;
      launch<gemm_sm90<T, kColumns, kTransA, kTransB, kSumA>, Tile::kSharedBytes>(
          static_cast<unsigned>(blocks), Tile::kThreads, site, map_a, map_b, product, works);
    };
    if (product.a_sum != nullptr) return with.template operator()<true, false, true>();
    if (product.trans_a) return with.template operator()<true, false, false>();
    if (product.trans_b) return with.template operator()<false, true, false>();
    with.template operator()<false, false, false>();
  };
  if (tile == 0) return start(std::integral_constant<int, 256>{});
  if (tile == 1) return start(std::integral_constant<int, 192>{});
  if (tile == 2) return start(std::integral_constant<int, 128>{});
  start(std::integral_constant<int, 64>{});
}

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
