// Sums and maxima along the middle of (outer, middle, inner), without atomics and in an order that depends only on the
// sizes. inner = 1: a block sums a row, or 16384 elements of a longer one, whose partial sums are summed the same way.
// inner > 1: a warp owns 16 bytes of each of its lanes' columns, the eight warps of a block share the rows of a piece;
// as many pieces as keep a GPU busy (columns.cuh), whose partial sums a second kernel joins. Maxima: a warp owns a row,
// or a thread a column. Bytes moved: x once, and for each piece one row of float32.
#include <tempa/cuda/reduce.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/device/columns.cuh"
#include "kernels/device/map.cuh"

#include <limits>
#include <memory>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

/// What is done with a sum: y = scale sum, or y += sum.
template <typename T>
struct SumResult {
  T* y;
  Accumulator<T> scale;
  bool adds;

  __device__ void store(Index at, Accumulator<T> sum) const {
    y[at] = from_accumulator<T>(adds ? to_accumulator(y[at]) + sum : scale * sum);
  }
};

constexpr Index kRowPiece = 16384;  // elements of a row for one block

template <typename Out, typename T>
__global__ void __launch_bounds__(kMapBlock) row_sums(SumResult<Out> result, const T* x, Index n, Index pieces) {
  using A = Accumulator<T>;
  constexpr int kVector = kVectorSize<T>;
  const Index row = static_cast<Index>(blockIdx.x) / pieces, piece = static_cast<Index>(blockIdx.x) - row * pieces;
  const Index begin = row * n + piece * kRowPiece,
              count = n - piece * kRowPiece < kRowPiece ? n - piece * kRowPiece : kRowPiece;
  const T* const from = x + begin;
  A sum = 0;
  if (is_vector_aligned<kVector>(from)) {
    const Index vectors = count / kVector;
#pragma unroll 4
    for (Index i = thread_in_block(); i < vectors; i += kMapBlock) {
      const Vector<T, kVector> values = load_vector<kVector>(from + i * kVector);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sum += to_accumulator(values[j]);
    }
    for (Index i = vectors * kVector + thread_in_block(); i < count; i += kMapBlock) sum += to_accumulator(from[i]);
  } else {
    for (Index i = thread_in_block(); i < count; i += kMapBlock) sum += to_accumulator(from[i]);
  }
  sum = block_sum(sum, shared_array<A>(0, kWarpSize));
  if (thread_in_block() == 0) result.store(blockIdx.x, static_cast<Accumulator<Out>>(sum));
}

template <typename Out, typename T>
void sum_rows(LaunchSite site, SumResult<Out> result, const T* x, Index rows, Index n) {
  using A = Accumulator<T>;
  const Index pieces = std::max<Index>(1, ceil_div(n, kRowPiece));
  constexpr std::size_t kScratchBytes = sizeof(A) * kWarpSize;
  if (pieces == 1) {
    launch<row_sums<Out, T>, kScratchBytes>(blocks_for(rows, 1), kMapBlock, site, result, x, n, pieces);
    return;
  }
  const auto partial = allocate(site.backend.device, sizeof(A) * static_cast<std::size_t>(rows * pieces));
  auto* const sums = static_cast<A*>(partial.get());
  launch<row_sums<A, T>, kScratchBytes>(blocks_for(rows * pieces, 1), kMapBlock, site, SumResult<A>{sums, A(1), false},
                                        x, n, pieces);
  sum_rows<Out, A>(site, result, sums, rows, pieces);
}

/// Blocks are numbered outer part by outer part, piece by piece, group of columns by group.
template <typename Out, typename T, int kVector>
__global__ void __launch_bounds__(kColumnBlock) column_sums(SumResult<Out> result, const T* x, Index rows, Index cols,
                                                            Index piece_rows, Index pieces, Index groups) {
  using A = Accumulator<T>;
  constexpr int kWidth = kWarpSize * kVector;
  const auto scratch = shared_array<A>(0, kColumnWarps * kWidth);
  const Index group = static_cast<Index>(blockIdx.x) % groups, number = static_cast<Index>(blockIdx.x) / groups;
  const Index piece = number % pieces, outer = number / pieces, column = (group * kWarpSize + lane_in_warp()) * kVector;
  const Index end = (piece + 1) * piece_rows < rows ? (piece + 1) * piece_rows : rows;
  A sums[kVector] = {};
  if (column < cols) {
    const T* const from = x + outer * rows * cols + column;
#pragma unroll 4
    for (Index i = piece * piece_rows + warp_in_block(); i < end; i += kColumnWarps) {
      const Vector<T, kVector> values = load_vector<kVector>(from + i * cols);
#pragma unroll
      for (int j = 0; j < kVector; ++j) sums[j] += to_accumulator(values[j]);
    }
  }
#pragma unroll
  for (int j = 0; j < kVector; ++j) scratch[warp_in_block() * kWidth + j * kWarpSize + lane_in_warp()] = sums[j];
  __syncthreads();
  for (int k = thread_in_block(); k < kWidth; k += kColumnBlock) {
    A total = 0;
    for (int w = 0; w < kColumnWarps; ++w) total += scratch[w * kWidth + k];
    const Index j = (group * kWarpSize + k % kWarpSize) * kVector + k / kWarpSize;
    if (j < cols) result.store(number * cols + j, static_cast<Accumulator<Out>>(total));
  }
}

template <typename T>
__global__ void __launch_bounds__(kColumnBlock)
    join_pieces(SumResult<T> result, const Accumulator<T>* partial, Index cols, Index pieces, Index groups) {
  using A = Accumulator<T>;
  const Index outer = static_cast<Index>(blockIdx.x) / groups;
  const Index j = (static_cast<Index>(blockIdx.x) - outer * groups) * kWarpSize + lane_in_warp();
  const A sum = sum_down(partial + outer * pieces * cols, pieces, cols, j, j < cols, shared_array<A>(0, kColumnBlock));
  if (warp_in_block() == 0 && j < cols) result.store(outer * cols + j, sum);
}

template <typename T>
void join_sums(LaunchSite site, SumResult<T> result, const Accumulator<T>* sums, Index outer, Index cols,
               Index pieces) {
  const Index groups = ceil_div<Index>(cols, kWarpSize);
  launch<join_pieces<T>, sizeof(Accumulator<T>) * kColumnBlock>(blocks_for(outer * groups, 1), kColumnBlock, site,
                                                                result, sums, cols, pieces, groups);
}

template <typename T>
void sum_columns(LaunchSite site, SumResult<T> result, const T* x, Index outer, Index rows, Index cols) {
  using A = Accumulator<T>;
  const auto with_vector = [&]<int kVector>(std::integral_constant<int, kVector>) {
    constexpr std::size_t kScratchBytes = sizeof(A) * kColumnWarps * kWarpSize * kVector;
    const Index groups = ceil_div<Index>(cols, kWarpSize * kVector);
    const Index wanted = std::max<Index>(1, kBusyBlocks / std::max<Index>(1, outer * groups));
    const Index piece_rows = std::max<Index>(4 * kColumnWarps, ceil_div(rows, wanted));
    const Index pieces = std::max<Index>(1, ceil_div(rows, piece_rows));
    const unsigned blocks = blocks_for(outer * pieces * groups, 1);
    if (pieces == 1 || blocks == 0) {
      launch<column_sums<T, T, kVector>, kScratchBytes>(blocks, kColumnBlock, site, result, x, rows, cols, piece_rows,
                                                        pieces, groups);
      return;
    }
    const auto partial = allocate(site.backend.device, sizeof(A) * static_cast<std::size_t>(outer * pieces * cols));
    auto* const sums = static_cast<A*>(partial.get());
    launch<column_sums<A, T, kVector>, kScratchBytes>(blocks, kColumnBlock, site, SumResult<A>{sums, A(1), false}, x,
                                                      rows, cols, piece_rows, pieces, groups);
    join_sums(site, result, sums, outer, cols, pieces);
  };
  if (is_vector_aligned<kVectorSize<T>>(x, cols)) {
    with_vector(std::integral_constant<int, kVectorSize<T>>{});
  } else {
    with_vector(std::integral_constant<int, 1>{});
  }
}

template <typename T>
struct SpreadSum {
  static constexpr int kVector = kVectorSize<T>;
  T* dx;
  const T* dy;
  Index middle, inner;
  Accumulator<T> scale;

  bool aligned() const {
    return are_aligned<kVector>(dx) &&
           (inner == 1 ? middle % kVector == 0 : are_aligned<kVector>(dy) && inner % kVector == 0);
  }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / inner, outer = row / middle;
    Vector<T, k> out;
    if (inner == 1) {
#pragma unroll
      for (int j = 0; j < k; ++j) out[j] = dy[outer];
    } else {
      out = load_vector<k>(dy + outer * inner + (i - row * inner));
    }
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = from_accumulator<T>(scale * to_accumulator(out[j]));
    store_vector<k>(dx + i, out);
  }
};

/// A number and its index; the larger one wins, NaN wins over all numbers, and of equals the first one.
template <typename A>
struct Place {
  A value;
  Index index;

  __device__ void take(A other, Index at) {
    const bool larger = other > value || (other != other && value == value);
    const bool equal = other == value || (other != other && value != value);
    if (larger || (equal && at < index)) {
      value = other;
      index = at;
    }
  }
};

template <typename T>
__global__ void __launch_bounds__(kMapBlock) row_maxima(T* y, Index* where, const T* x, Index rows, Index n) {
  using A = Accumulator<T>;
  const Index row = thread_number_in_grid() / kWarpSize;
  Place<A> best{-std::numeric_limits<A>::infinity(), n};
  if (row < rows)
    for (Index i = lane_in_warp(); i < n; i += kWarpSize) best.take(to_accumulator(x[row * n + i]), i);
#pragma unroll
  for (int distance = kWarpSize / 2; distance > 0; distance /= 2) {
    const A value = __shfl_xor_sync(kAllLanes, best.value, distance);
    const Index index = __shfl_xor_sync(kAllLanes, best.index, distance);
    if (index < n) best.take(value, index);
  }
  if (row >= rows || lane_in_warp() != 0) return;
  y[row] = x[row * n + best.index];
  where[row] = best.index;
}

template <typename T>
__global__ void __launch_bounds__(kMapBlock)
    column_maxima(T* y, Index* where, const T* x, Index columns, Index middle, Index inner) {
  const Index column = thread_number_in_grid();
  if (column >= columns) return;
  const T* const from = x + column / inner * middle * inner + column % inner;
  Place<Accumulator<T>> best{to_accumulator(*from), 0};
  for (Index i = 1; i < middle; ++i) best.take(to_accumulator(from[i * inner]), i);
  y[column] = from[best.index * inner];
  where[column] = best.index;
}

template <typename T>
struct SpreadMax {
  static constexpr int kVector = kVectorSize<T>;
  T* dx;
  const T* dy;
  const Index* where;
  Index middle, inner;

  bool aligned() const { return are_aligned<kVector>(dx) && (inner == 1 ? middle : inner) % kVector == 0; }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / inner, outer = row / middle, place = row - outer * middle;
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) {
      const Index from = inner == 1 ? outer : outer * inner + i - row * inner + j;
      out[j] = where[from] == (inner == 1 ? place + j : place) ? dy[from] : T{};
    }
    store_vector<k>(dx + i, out);
  }
};

}  // namespace

template <Floating T>
void column_sum_accumulate(Backend backend, T* y, const T* x, Index rows, Index cols) {
  sum_columns(backend, SumResult<T>{y, Accumulator<T>(1), true}, x, 1, rows, cols);
}

template <Floating T>
void sum_forward(Backend backend, T* y, const T* x, Index outer, Index middle, Index inner, Accumulator<T> scale) {
  const SumResult<T> result{y, scale, false};
  if (inner == 1) return sum_rows(backend, result, x, outer, middle);
  sum_columns(backend, result, x, outer, middle, inner);
}

template <Floating T>
void sum_backward(Backend backend, T* dx, const T* dy, Index outer, Index middle, Index inner, Accumulator<T> scale) {
  map(backend, SpreadSum<T>{dx, dy, middle, inner, scale}, outer * middle * inner);
}

template <Floating T>
void max_forward(Backend backend, T* y, Index* where, const T* x, Index outer, Index middle, Index inner) {
  if (inner == 1) {
    launch<row_maxima<T>, 0>(blocks_for(outer, kMapBlock / kWarpSize), kMapBlock, backend, y, where, x, outer, middle);
  } else {
    launch<column_maxima<T>, 0>(blocks_for(outer * inner, kMapBlock), kMapBlock, backend, y, where, x, outer * inner,
                                middle, inner);
  }
}

template <Floating T>
void max_backward(Backend backend, T* dx, const T* dy, const Index* where, Index outer, Index middle, Index inner) {
  map(backend, SpreadMax<T>{dx, dy, where, middle, inner}, outer * middle * inner);
}

#define TEMPA_REDUCE(T)                                                                      \
  template void column_sum_accumulate<T>(Backend, T*, const T*, Index, Index);               \
  template void sum_forward<T>(Backend, T*, const T*, Index, Index, Index, Accumulator<T>);  \
  template void sum_backward<T>(Backend, T*, const T*, Index, Index, Index, Accumulator<T>); \
  template void max_forward<T>(Backend, T*, Index*, const T*, Index, Index, Index);          \
  template void max_backward<T>(Backend, T*, const T*, const Index*, Index, Index, Index)

TEMPA_REDUCE(float);
TEMPA_REDUCE(double);
TEMPA_REDUCE(float16);
TEMPA_REDUCE(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
