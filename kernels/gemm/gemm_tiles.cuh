// The tiles of the kernels of matrix products, and the choice among them.
#pragma once

#include <tempa/cuda/gemm.hpp>

#include "kernels/gemm/gemm.cuh"

#include <array>
#include <memory>
#include <optional>
#include <span>

namespace tempa::inline TEMPA_ABI::cuda::detail {

__host__ __device__ constexpr int max_of(int a, int b) { return a < b ? b : a; }

/// The tiles of `launch_simt`, by its argument `shape`.
inline constexpr std::array kFloatTiles{GemmTile{128, 64, 8, 3, 1.0}, GemmTile{64, 64, 8, 6, 0.9},
                                        GemmTile{32, 32, 8, 12, 0.5}};
inline constexpr std::array kDoubleTiles{GemmTile{64, 64, 8, 3, 1.0}, GemmTile{32, 32, 8, 8, 0.7}};

/// The tiles of `launch_tensor`.
inline constexpr std::array kTensorTiles{GemmTile{128, 128, 32, 2, 1.0}, GemmTile{64, 128, 32, 3, 0.85},
                                         GemmTile{64, 64, 32, 4, 0.65}};

/// The tiles of `run_hopper`: 128 rows, since two warpgroups multiply 64 each.
inline constexpr std::array kHopperTiles{GemmTile{128, 256, 64, 1, 1.0}, GemmTile{128, 192, 64, 1, 0.95},
                                         GemmTile{128, 128, 64, 1, 0.85}, GemmTile{128, 64, 64, 1, 0.6}};

/// The inputs of the choice: sizes, and the machine.
struct GemmTask {
  Index m, n, k, batch;
  int multiprocessors;
  double products_per_cycle;  ///< multiply-adds of a multiprocessor at its peak
};

/// The plan of the thread's `GemmPlanGuard`, if it has one.
std::optional<GemmPlan>& forced_plan();

/// The forced plan, or `choose_plan` for the slices that the product has.
template <Floating T>
GemmPlan plan_of(int device, const Product<T>& product, int max_slices);

/// Starts the kernel of a tile.
template <Floating T>
void launch_product(LaunchSite site, const Product<T>& product, int tile);

/// Sets the product's slices, at most `slices` of whole steps of `depth`. @return the memory for their sums, if there
/// are several, which the product points to.
template <Floating T>
std::shared_ptr<void> cut_into_slices(int device, Product<T>& product, int slices, int depth);

/// The parts that all products have.
/// @throws ShapeError when a size is too large for the kernels' integers.
template <Floating T>
Product<T> make_product(const char* who, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, const T* a,
                        Index lda, const T* b, Index ldb, T* c, Index ldc);

/// The expected cycles of a product.
double expected_cycles(const GemmTask& task, const GemmTile& tile, int slices);

/// The fastest by `expected_cycles`. It depends on sizes and device only, so that a product has the same bits in every
/// run.
/// @param max_slices 1 where the sum must not be divided.
GemmPlan choose_plan(const GemmTask& task, std::span<const GemmTile> tiles, int max_slices);

/// A block for each tile, slice and product of the batch.
template <Floating T>
dim3 tile_grid(const Product<T>& product, int tile_rows, int tile_columns) {
  const int rows = ceil_div(product.m, tile_rows);
  const int columns = max_of(1, ceil_div(product.n, tile_columns));  // possibly only the sums of A's rows are needed
  return {static_cast<unsigned>(rows) * static_cast<unsigned>(columns), static_cast<unsigned>(product.slices),
          static_cast<unsigned>(product.batch)};
}

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
