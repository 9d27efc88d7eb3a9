// Selects elements by index. Forward: a thread owns 16 bytes of the result (map.cuh); bytes moved: the selected rows,
// twice. Backward of rows without atomics: the indices are sorted (sort.cuh), and a warp goes through 32 of them, each
// lane with 16 bytes of the columns, adding up the rows of equal indices. A run within its 32 is added to dx
// immediately; the parts of a run that crosses their ends are stored, and a second kernel adds them up in order. So an
// index that all rows share costs no more than 1,280 different ones, and each element of dx is read and written once,
// by one thread. Bytes moved: dy once, and the selected rows of dx.
#include <tempa/cuda/gather.hpp>
#include <tempa/device/cuda/convert.hpp>

#include "kernels/device/map.cuh"
#include "kernels/device/sort.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T, typename I>
struct IndexSelect {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const T* x;
  const I* index;
  Index middle, inner, count;
  FaultSite site;

  bool aligned() const { return is_vector_aligned<kVector>(y, inner) && is_vector_aligned<kVector>(x); }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / inner, column = i - row * inner, outer = row / count, at = row - outer * count;
    const Index from = static_cast<Index>(index[at]);
    if (check_index(site, from, middle, at))
      store_vector<k>(y + i, load_vector<k>(x + (outer * middle + from) * inner + column));
  }
};

template <typename T, typename I>
struct Gather {
  static constexpr int kVector = 1;  // neighbors of the result are anywhere in x
  T* y;
  const T* x;
  const I* index;
  Index middle, inner, count;
  FaultSite site;

  bool aligned() const { return true; }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / inner, column = i - row * inner, outer = row / count, from = static_cast<Index>(index[i]);
    if (check_index(site, from, middle, i)) y[i] = x[(outer * middle + from) * inner + column];
  }
};

/// A thread owns a column of one outer part, and goes through it in order.
template <typename T, typename I>
__global__ void __launch_bounds__(kMapBlock)
    gather_backward_kernel(T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner, Index count,
                           FaultSite site) {
  const Index column = thread_number_in_grid();
  if (column >= outer * inner) return;
  const Index o = column / inner, j = column - o * inner;
  for (Index k = 0; k < count; ++k) {
    const Index at = (o * count + k) * inner + j, to = static_cast<Index>(index[at]);
    if (check_index(site, to, middle, at)) dx[(o * middle + to) * inner + j] += dy[at];
  }
}

constexpr int kRun = kWarpSize;  // sorted indices of a warp
constexpr int kRunWarps = 4;     // warps of a block
constexpr int kRunBlock = kRunWarps * kWarpSize;

/// How the work of `add_runs` and `join_runs` is divided: a warp owns 32 sorted indices, a slab of columns and an outer
/// part.
struct Slabs {
  Index outer, middle, inner, count, tiles, slabs;
};

/// A lane's sorted index, one of the 32 of its warp.
struct SortedIndex {
  SortKey row;  ///< the index; kBadKey where there is none
  Index from;   ///< its place in dy

  __device__ SortedIndex(const SortKey* keys, Index at, Index count) : row(kBadKey), from(0) {
    if (at < 0 || at >= count) return;
    const SortKey key = keys[at];
    if (key >= kBadKey - static_cast<SortKey>(count)) return;
    row = key / static_cast<SortKey>(count);
    from = static_cast<Index>(key - row * static_cast<SortKey>(count));
  }
};

/// @param partial (2,outer,tiles,inner): of each tile the part of a run that began before it, and of one that continues
/// after it. A run that does both is stored in the first.
template <int kVector, typename T>
__global__ void __launch_bounds__(kRunBlock)
    add_runs(T* dx, Accumulator<T>* partial, const T* dy, const SortKey* keys, Slabs size) {
  using A = Accumulator<T>;
  constexpr int kBatch = 8;  // rows that are loaded at the same time
  const Index warp = thread_number_in_grid() / kWarpSize;
  const Index slab = warp % size.slabs, rest = warp / size.slabs, tile = rest % size.tiles, o = rest / size.tiles;
  if (o >= size.outer) return;
  const Index column = (slab * kWarpSize + lane_in_warp()) * kVector, begin = tile * kRun;
  const bool has_columns = column < size.inner;
  const SortedIndex mine(keys, begin + lane_in_warp(), size.count);
  const SortKey before = SortedIndex(keys, begin - 1, size.count).row,
                behind = SortedIndex(keys, begin + kRun, size.count).row;
  const SortKey next = __shfl_down_sync(kAllLanes, mine.row, 1);
  const bool good = mine.row != kBadKey, last = lane_in_warp() == kRun - 1;
  const bool ends = good && (last || next != mine.row), began_before = good && mine.row == before;
  const bool whole = ends && !began_before && !(last && mine.row == behind);
  const unsigned all_good = __ballot_sync(kAllLanes, good), all_ends = __ballot_sync(kAllLanes, ends);
  const unsigned all_whole = __ballot_sync(kAllLanes, whole), all_began = __ballot_sync(kAllLanes, began_before);
  A sum[kVector] = {};
  for (int first = 0; first < kRun && (all_good >> first & 1u) != 0; first += kBatch) {
    Vector<T, kVector> more[kBatch], present[kBatch];
    Index to[kBatch];
#pragma unroll
    for (int b = 0; b < kBatch; ++b) {
      const Index from = __shfl_sync(kAllLanes, mine.from, first + b);
      to[b] = (o * size.middle + static_cast<Index>(__shfl_sync(kAllLanes, good ? mine.row : SortKey{0}, first + b))) *
                  size.inner +
              column;
      more[b] = present[b] = {};
      if (has_columns && (all_good >> (first + b) & 1u) != 0)
        more[b] = load_vector<kVector>(dy + (o * size.count + from) * size.inner + column);
      if (has_columns && (all_whole >> (first + b) & 1u) != 0) present[b] = load_vector<kVector>(dx + to[b]);
    }
    if (!has_columns) continue;
#pragma unroll
    for (int b = 0; b < kBatch; ++b) {
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum[j] += to_accumulator(more[b][j]);
      if ((all_ends >> (first + b) & 1u) == 0) continue;
      if ((all_whole >> (first + b) & 1u) != 0) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) present[b][j] = from_accumulator<T>(to_accumulator(present[b][j]) + sum[j]);
        store_vector<kVector>(dx + to[b], present[b]);
      } else {
        const Index part = (all_began >> (first + b) & 1u) != 0 ? 0 : size.outer;
        A* const kept = partial + ((part + o) * size.tiles + tile) * size.inner + column;
#pragma unroll
        for (int j = 0; j < kVector; ++j) kept[j] = sum[j];
      }
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum[j] = 0;
    }
  }
}

/// Adds up the parts of each run that crosses tiles. The warp of the tile in which it begins owns it.
template <int kVector, typename T>
__global__ void __launch_bounds__(kRunBlock)
    join_runs(T* dx, const Accumulator<T>* partial, const SortKey* keys, Slabs size) {
  using A = Accumulator<T>;
  const Index warp = thread_number_in_grid() / kWarpSize;
  const Index slab = warp % size.slabs, rest = warp / size.slabs, tile = rest % size.tiles, o = rest / size.tiles;
  if (o >= size.outer) return;
  const Index column = (slab * kWarpSize + lane_in_warp()) * kVector, begin = tile * kRun;
  const SortKey row = SortedIndex(keys, begin + kRun - 1, size.count).row;
  if (row == kBadKey || SortedIndex(keys, begin + kRun, size.count).row != row) return;  // no run continues
  if (SortedIndex(keys, begin - 1, size.count).row == row) return;                       // it began before
  Index end = tile + 1;  // one past the last tile of the run
  for (unsigned all = kAllLanes; all == kAllLanes;) {
    all = __ballot_sync(kAllLanes, SortedIndex(keys, (end + lane_in_warp()) * kRun, size.count).row == row);
    end += __popc(all);
  }
  if (column >= size.inner) return;
  A sum[kVector];
  const A* const own = partial + ((size.outer + o) * size.tiles + tile) * size.inner + column;
#pragma unroll
  for (int j = 0; j < kVector; ++j) sum[j] = own[j];
#pragma unroll 8
  for (Index t = tile + 1; t < end; ++t) {
    const A* const part = partial + (o * size.tiles + t) * size.inner + column;
#pragma unroll
    for (int j = 0; j < kVector; ++j) sum[j] += part[j];
  }
  T* const to = dx + (o * size.middle + static_cast<Index>(row)) * size.inner + column;
  Vector<T, kVector> out = load_vector<kVector>(to);
#pragma unroll
  for (int j = 0; j < kVector; ++j) out[j] = from_accumulator<T>(to_accumulator(out[j]) + sum[j]);
  store_vector<kVector>(to, out);
}

template <int kVector, typename T>
void add_sorted(LaunchSite site, T* dx, const T* dy, const SortKey* keys, Index outer, Index middle, Index inner,
                Index count) {
  using A = Accumulator<T>;
  const Slabs size{
      outer, middle, inner, count, ceil_div<Index>(count, kRun), ceil_div<Index>(inner, kWarpSize * kVector)};
  std::shared_ptr<void> memory;
  if (size.tiles > 1)
    memory = allocate(site.backend.device, sizeof(A) * 2 * static_cast<std::size_t>(outer * size.tiles * inner));
  auto* const partial = static_cast<A*>(memory.get());
  launch<add_runs<kVector, T>, 0>(blocks_for(outer * size.tiles * size.slabs, kRunWarps), kRunBlock, site, dx, partial,
                                  dy, keys, size);
  if (size.tiles > 1)
    launch<join_runs<kVector, T>, 0>(blocks_for(outer * size.tiles * size.slabs, kRunWarps), kRunBlock, site, dx,
                                     partial, keys, size);
}

}  // namespace

template <Floating T, std::integral I>
void index_select_forward(Backend backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner,
                          Index count) {
  map(backend, IndexSelect<T, I>{y, x, index, middle, inner, count, fault_site(backend, "index_select_forward")},
      outer * count * inner);
}

template <Floating T, std::integral I>
void index_select_backward(Backend backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                           Index count) {
  if (outer * count * inner == 0) return;
  const LaunchSite site(backend);
  const auto memory = sorted_keys(site, index, count, middle);
  const auto* const keys = static_cast<const SortKey*>(memory.get());
  if (is_vector_aligned<kVectorSize<T>>(dx, inner) && is_vector_aligned<kVectorSize<T>>(dy)) {
    add_sorted<kVectorSize<T>>(site, dx, dy, keys, outer, middle, inner, count);
  } else {
    add_sorted<1>(site, dx, dy, keys, outer, middle, inner, count);
  }
}

template <Floating T, std::integral I>
void gather_forward(Backend backend, T* y, const T* x, const I* index, Index outer, Index middle, Index inner,
                    Index count) {
  map(backend, Gather<T, I>{y, x, index, middle, inner, count, fault_site(backend, "gather_forward")},
      outer * count * inner);
}

template <Floating T, std::integral I>
void gather_backward(Backend backend, T* dx, const T* dy, const I* index, Index outer, Index middle, Index inner,
                     Index count) {
  if constexpr (Real<T>) {
    launch<gather_backward_kernel<T, I>, 0>(blocks_for(outer * inner, kMapBlock), kMapBlock, backend, dx, dy, index,
                                            outer, middle, inner, count, fault_site(backend, "gather_backward"));
  } else {
    const Index n = outer * middle * inner, m = outer * count * inner;
    if (n == 0 || m == 0) return;
    const auto memory = allocate(backend.device, sizeof(float) * static_cast<std::size_t>(n + m));
    auto* const wide = static_cast<float*>(memory.get());
    convert(backend, wide, dx, n);
    convert(backend, wide + n, dy, m);
    gather_backward(backend, wide, std::as_const(wide) + n, index, outer, middle, inner, count);
    convert(backend, dx, std::as_const(wide), n);
  }
}

#define TEMPA_GATHER(T, I)                                                                                \
  template void index_select_forward<T, I>(Backend, T*, const T*, const I*, Index, Index, Index, Index);  \
  template void index_select_backward<T, I>(Backend, T*, const T*, const I*, Index, Index, Index, Index); \
  template void gather_forward<T, I>(Backend, T*, const T*, const I*, Index, Index, Index, Index);        \
  template void gather_backward<T, I>(Backend, T*, const T*, const I*, Index, Index, Index, Index)
#define TEMPA_GATHER_BY(I)  \
  TEMPA_GATHER(float, I);   \
  TEMPA_GATHER(double, I);  \
  TEMPA_GATHER(float16, I); \
  TEMPA_GATHER(bfloat16, I)

TEMPA_GATHER_BY(std::int32_t);
TEMPA_GATHER_BY(std::int64_t);

}  // namespace tempa::inline TEMPA_ABI::cuda
