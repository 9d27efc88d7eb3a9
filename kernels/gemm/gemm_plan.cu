// Chooses a tile and the number of slices, by a small model of the machine: blocks fill the multiprocessors in waves; a
// multiprocessor with fewer blocks than it could run hides less of their latency; a wave begins with loads that nothing
// hides and ends with stores; slices are written to memory and summed by a second kernel. (host
// code)
#include "kernels/gemm/gemm_tiles.cuh"

#include <algorithm>
#include <limits>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda::detail {

namespace {

constexpr double kWaveCycles = 2500;          // the first loads and the epilogue
constexpr double kSecondKernelCycles = 3500;  // between two kernels, and to fill the machine again
constexpr double kBytesPerCycle = 2400;       // of memory or the L2 cache
constexpr double kLoneBlock = 0.5;            // a block's latency, in units of its arithmetic, that other blocks hide

/// The part of its arithmetic peak that a multiprocessor reaches with this many of its possible blocks.
double occupied(const GemmTile& tile, Index blocks) {
  const auto many = static_cast<double>(tile.blocks_of_multiprocessor), now = static_cast<double>(blocks);
  return tile.efficiency * (now / (now + kLoneBlock)) * ((many + kLoneBlock) / many);
}

}  // namespace

double expected_cycles(const GemmTask& task, const GemmTile& tile, int slices) {
  const Index depth = round_up<Index>(ceil_div<Index>(task.k, slices), tile.depth);
  const Index blocks = ceil_div<Index>(task.m, tile.rows) * ceil_div<Index>(task.n, tile.columns) * slices * task.batch;
  const Index held = tile.blocks_of_multiprocessor, slots = held * task.multiprocessors;
  const double block = static_cast<double>(tile.rows) * static_cast<double>(tile.columns) * static_cast<double>(depth) /
                       task.products_per_cycle;
  const auto full_waves = static_cast<double>(blocks / slots);
  double cycles = full_waves * (static_cast<double>(held) * block / occupied(tile, held) + kWaveCycles);
  if (const Index rest = ceil_div<Index>(blocks % slots, task.multiprocessors); rest > 0)
    cycles += static_cast<double>(rest) * block / occupied(tile, rest) + kWaveCycles;
  if (slices > 1) {
    const double bytes =
        4.0 * static_cast<double>(task.m) * static_cast<double>(task.n) * static_cast<double>(task.batch);
    cycles += kSecondKernelCycles + 2.0 * bytes * slices / kBytesPerCycle;
  }
  return cycles;
}

std::optional<GemmPlan>& forced_plan() {
  thread_local std::optional<GemmPlan> plan;
  return plan;
}

GemmPlan choose_plan(const GemmTask& task, std::span<const GemmTile> tiles, int max_slices) {
  GemmPlan best;
  double best_cycles = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Index worthwhile = std::max<Index>(1, task.k / (4 * tiles[i].depth));  // the pipeline needs a few steps
    const int most = static_cast<int>(std::min<Index>(max_slices, worthwhile));
    for (int slices = 1; slices <= most; ++slices) {
      const double cycles = expected_cycles(task, tiles[i], slices);
      if (cycles >= best_cycles) continue;
      best_cycles = cycles;
      best = {static_cast<int>(i), slices};
    }
  }
  return best;
}

}  // namespace tempa::inline TEMPA_ABI::cuda::detail

namespace tempa::inline TEMPA_ABI::cuda {

GemmPlanGuard::GemmPlanGuard(GemmPlan plan) : former_(std::exchange(detail::forced_plan(), plan)) {}
GemmPlanGuard::~GemmPlanGuard() { detail::forced_plan() = former_; }

}  // namespace tempa::inline TEMPA_ABI::cuda
