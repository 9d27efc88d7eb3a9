// Rows that stay in registers: a group of threads (a warp, or a whole block) owns a row, and thread t of it vectors t,
// t + kThreads, t + 2 kThreads … of the row.
#pragma once

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kRowBlock = 256;

/// The threads of a row, and the largest number of vectors of each.
template <int kThreads_, int kChunks_>
struct RowShape {
  static constexpr int kThreads = kThreads_, kChunks = kChunks_, kGroups = kRowBlock / kThreads_;
};

/// Calls `f(Shape{})` with the first of the shapes that fits a row of `vectors`. @return false when none does.
template <typename... Shapes, typename F>
bool with_row_shape(Index vectors, F&& f) {
  return ((vectors <= Shapes::kThreads * Shapes::kChunks && (f(Shapes{}), true)) || ...);
}

/// The row of the calling group, when groups take rows in turn.
template <int kThreads>
__device__ inline Index row_of_group() {
  return thread_number_in_grid() / kThreads;
}

/// combine over the threads of a group; for groups of a whole block, (32) of shared memory from byte 0 on are used.
template <int kThreads, typename A, typename Combine>
__device__ inline A reduce_row(A value, Combine combine, A identity) {
  if constexpr (kThreads <= kWarpSize) {
    return warp_reduce<kThreads>(value, combine);
  } else {
    return block_reduce(value, shared_array<A>(0, kWarpSize), combine, identity);
  }
}

/// Shared memory that `reduce_row` needs.
template <typename Shape, typename A>
constexpr std::size_t kReduceBytes = Shape::kThreads > kWarpSize ? sizeof(A) * kWarpSize : 0;

}  // namespace tempa::inline TEMPA_ABI::cuda
