// Sorts indices by value, equal ones by position, to sum the gradients of equal indices in order. Keys value * count +
// position are all different, so that the place of a key is the number of smaller ones: each thread counts those of its
// tile of 2048 keys (a broadcast from shared memory and an addition for each), then sorted runs are merged in pairs,
// each thread finding its key's place in the other run by bisection. For N = 1,280 that is one kernel, for 10,240 four;
// for a sort of 2 us, the histograms of a radix sort would cost too much. Bytes moved: 8 for each key, twice a pass.
#pragma once

#include <tempa/device/cuda/memory.hpp>

#include "kernels/device/shared.cuh"
#include "kernels/runtime/fault.cuh"
#include "kernels/runtime/launch.cuh"

#include <cstdint>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

using SortKey = std::uint64_t;

inline constexpr int kSortBlock = 128;
inline constexpr Index kSortTile = 2048;

/// Greater than all keys: an index out of range, which has been reported.
inline constexpr SortKey kBadKey = ~SortKey{0} >> 1;

/// Sorts each tile of 2048 keys. A thread owns a key; the blocks of a tile are independent.
template <typename I>
__global__ void __launch_bounds__(kSortBlock)
    sort_tiles(SortKey* keys, const I* index, Index count, Index bound, FaultSite site) {
  const auto others = shared_array<SortKey>(0, kSortBlock);
  const Index place = thread_number_in_grid(), tile = place / kSortTile * kSortTile;
  const Index end = tile + kSortTile < count ? tile + kSortTile : count;
  const auto key_of = [&](Index at, bool reports) {
    const Index value = static_cast<Index>(index[at]);
    const bool good = reports ? check_index(site, value, bound, at) : value >= 0 && value < bound;
    return good ? static_cast<SortKey>(value) * static_cast<SortKey>(count) + static_cast<SortKey>(at)
                : kBadKey - static_cast<SortKey>(count - at);
  };
  const SortKey mine = place < count ? key_of(place, true) : 0;
  Index smaller = 0;
  for (Index begin = tile; begin < end; begin += kSortBlock) {
    const Index here = end - begin < kSortBlock ? end - begin : kSortBlock;
    if (thread_in_block() < here) others[thread_in_block()] = key_of(begin + thread_in_block(), false);
    __syncthreads();
#pragma unroll 8
    for (Index i = 0; i < here; ++i) {
      const SortKey other = others[i];
      smaller += other < mine ? 1 : 0;
    }
    __syncthreads();
  }
  if (place < count) keys[tile + smaller] = mine;
}

/// Merges pairs of sorted runs of `run` keys. A thread owns a key.
template <typename Key>
__global__ void __launch_bounds__(kSortBlock) merge_runs(Key* to, const Key* from, Index count, Index run) {
  const Index place = thread_number_in_grid();
  if (place >= count) return;
  const Key mine = from[place];
  const Index pair = place / (2 * run) * 2 * run, middle = pair + run < count ? pair + run : count;
  const bool is_left = place < middle;
  Index low = is_left ? middle : pair, high = is_left ? (middle + run < count ? middle + run : count) : middle;
  const Index begin = low;
  while (low < high) {
    const Index probe = low + (high - low) / 2;
    if (from[probe] < mine) {
      low = probe + 1;
    } else {
      high = probe;
    }
  }
  to[pair + (place - (is_left ? pair : middle)) + (low - begin)] = mine;
}

inline void merge_runs_of(Index run, LaunchSite site, SortKey* to, const SortKey* from, Index count) {
  launch<merge_runs<SortKey>, 0>(blocks_for(count, kSortBlock), kSortBlock, site, to, from, count, run);
}

/// The keys of `index` in order: value * count + place. Those of indices out of range, which are reported, are last and
/// at least `kBadKey - count`.
/// @param index (count), values in [0, bound)
template <typename I>
std::shared_ptr<void> sorted_keys(LaunchSite site, const I* index, Index count, Index bound) {
  const auto bytes = sizeof(SortKey) * static_cast<std::size_t>(count);
  std::shared_ptr<void> keys = allocate(site.backend.device, bytes), other;
  const unsigned blocks = blocks_for(count, kSortBlock);
  launch<sort_tiles<I>, sizeof(SortKey) * kSortBlock>(blocks, kSortBlock, site, static_cast<SortKey*>(keys.get()),
                                                      index, count, bound, fault_site(site.backend, site.launcher));
  for (Index run = kSortTile; run < count; run *= 2) {
    if (other == nullptr) other = allocate(site.backend.device, bytes);
    merge_runs_of(run, site, static_cast<SortKey*>(other.get()), static_cast<const SortKey*>(keys.get()), count);
    keys.swap(other);
  }
  return keys;
}

}  // namespace tempa::inline TEMPA_ABI::cuda
