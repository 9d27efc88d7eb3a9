// Matrix products in float and double by ordinary multiply-adds, without intermediate rounding to a shorter type.
// A block owns a tile of C and loops over k in steps of `kDepth`: its threads load the next pieces of A and B into
// registers, multiply the pieces in shared memory, then store the loaded ones into its other half: one barrier a step.
// In shared memory each step of k is a row of both pieces, whether or not the operand is transposed, so that one loop
// multiplies all four cases. A thread owns kRows x kColumns elements of C in groups of one vector, spread over the tile
// so that the lanes of a warp (4 x 8) read neighboring vectors: (kRows + kColumns) words from shared memory for kRows
// kColumns multiply-adds. Each A is read once for every column of tiles, each B for every row of them. Float sums are
// divided into parts of `kPart` terms, whose totals are in shared memory: the rounding error of a long sum grows with
// the number of parts and not of terms.
#include "kernels/gemm/gemm_tiles.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

namespace {

template <int kTileRows_, int kTileColumns_, int kDepth_, int kRows_, int kColumns_, int kBlocks_>
struct SimtTile {
  static constexpr int kTileRows = kTileRows_, kTileColumns = kTileColumns_, kDepth = kDepth_;
  static constexpr int kRows = kRows_, kColumns = kColumns_;  ///< of a thread
  static constexpr int kBlocks = kBlocks_;                    ///< of a multiprocessor at the same time
  static constexpr int kThreadRows = kTileRows / kRows, kThreadColumns = kTileColumns / kColumns;
  static constexpr int kThreads = kThreadRows * kThreadColumns;
  static constexpr int kWarpColumns = kThreadColumns / 8;
  static_assert(kThreadRows % 4 == 0 && kThreadColumns % 8 == 0, "a warp is 4 x 8 threads");
};

/// A piece of one operand that is copied from device memory to shared memory: `kWidth` rows of C (or columns) by
/// `kDepth` steps of k.
template <typename T, int kWidth, int kDepth, int kThreads>
class Piece {
 public:
  static constexpr int kVector = kVectorSize<T>;
  static constexpr int kStride =
      kWidth + kVector;  ///< from k to k in shared memory; the gap avoids bank conflicts of scattered stores
  static constexpr int kNumel = kStride * kDepth;

  /// @param p the piece's first element. @param k_neighbors whether k runs along the rows of the operand, which are
  /// `ld` apart. @param width, depth how much of the operand is left.
  __device__ void fetch(const T* p, Index ld, bool k_neighbors, bool vectors, int width, int depth) {
#pragma unroll
    for (int c = 0; c < kCount; ++c) {
      const auto [i, k] = place(c, k_neighbors);
      const T* const from = p + (k_neighbors ? i * ld + k : k * ld + i);
      const int here = k_neighbors ? (i < width ? depth - k : 0) : (k < depth ? width - i : 0);
      if (vectors && here >= kVector) {
        held_[c] = load_vector<kVector>(from);
      } else {
#pragma unroll
        for (int j = 0; j < kVector; ++j) held_[c][j] = j < here ? from[j] : T(0);
      }
    }
  }

  __device__ void put(SharedPointer<T> piece, bool k_neighbors) const {
#pragma unroll
    for (int c = 0; c < kCount; ++c) {
      const auto [i, k] = place(c, k_neighbors);
      if (k_neighbors) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) piece[(k + j) * kStride + i] = held_[c][j];
      } else {
        shared_cast<Vector<T, kVector>>(piece + (k * kStride + i))[0] = held_[c];
      }
    }
  }

 private:
  static constexpr int kCount = kWidth * kDepth / kVector / kThreads;
  static_assert(kCount * kVector * kThreads == kWidth * kDepth, "every thread fetches as much as the others");

  struct Place {
    int i, k;
  };
  __device__ static Place place(int c, bool k_neighbors) {
    const int vector = thread_in_block() + c * kThreads;
    if (k_neighbors) return {vector / (kDepth / kVector), vector % (kDepth / kVector) * kVector};
    return {vector % (kWidth / kVector) * kVector, vector / (kWidth / kVector)};
  }

  Vector<T, kVector> held_[kCount];
};

/// A thread's totals over the parts of long sums, in shared memory: the vectors of all threads next to each other.
template <typename T, typename Tile>
struct PartTotals {
  static constexpr int kPart = 256;  ///< terms
  static constexpr bool kWanted = std::same_as<T, float>;
  static constexpr int kNumel = Tile::kTileRows * Tile::kTileColumns;
  static_assert(kPart % Tile::kDepth == 0);

  /// sums += totals; then, unless it was the last part, totals = sums and sums = 0. @param first there are no totals
  /// yet.
  __device__ static void take(SharedPointer<T> totals, T (&sums)[Tile::kRows][Tile::kColumns], bool first, bool last) {
    constexpr int kVector = kVectorSize<T>;
    const auto mine = shared_cast<Vector<T, kVector>>(totals);
#pragma unroll
    for (int i = 0; i < Tile::kRows; ++i) {
#pragma unroll
      for (int g = 0; g < Tile::kColumns / kVector; ++g) {
        const int at = (i * (Tile::kColumns / kVector) + g) * Tile::kThreads + thread_in_block();
        Vector<T, kVector> total{};
        if (!first) total = mine[at];
#pragma unroll
        for (int j = 0; j < kVector; ++j) {
          T& sum = sums[i][g * kVector + j];
          total[j] += sum;
          sum = last ? total[j] : T(0);
        }
        if (!last) mine[at] = total;
      }
    }
  }
};

template <typename T, typename Tile, bool kSumA>
__global__ void __launch_bounds__(Tile::kThreads, Tile::kBlocks)
    gemm_simt(const Product<T> product, const bool a_vectors, const bool b_vectors) {
  constexpr int kVector = kVectorSize<T>, kDepth = Tile::kDepth;
  constexpr int kRowGroups = Tile::kRows / kVector, kColumnGroups = Tile::kColumns / kVector;
  using PieceA = Piece<T, Tile::kTileRows, kDepth, Tile::kThreads>;
  using PieceB = Piece<T, Tile::kTileColumns, kDepth, Tile::kThreads>;
  const auto shared_a = shared_array<T>(0, 2 * PieceA::kNumel);
  const auto shared_b = shared_array<T>(2 * PieceA::kNumel * sizeof(T), 2 * PieceB::kNumel);
  using Totals = PartTotals<T, Tile>;
  SharedPointer<T> totals{};
  if (Totals::kWanted && product.k_slice > Totals::kPart)
    totals = shared_array<T>(2 * (PieceA::kNumel + PieceB::kNumel) * sizeof(T), Totals::kNumel);

  const int slice = static_cast<int>(blockIdx.y), batch = static_cast<int>(blockIdx.z);
  const TilePlace tile(static_cast<int>(blockIdx.x), ceil_div(product.m, Tile::kTileRows),
                       max_of(1, ceil_div(product.n, Tile::kTileColumns)));
  const int first_row = tile.row * Tile::kTileRows, first_column = tile.column * Tile::kTileColumns;
  const int depth = product.slice_length(slice);
  const bool a_along_k = !product.trans_a, b_along_k = product.trans_b;
  const T* a = product.a_of(slice, batch) + (a_along_k ? first_row * product.lda : Index{first_row});
  const T* b = product.b_of(slice, batch) + (b_along_k ? first_column * product.ldb : Index{first_column});
  const Index a_step = a_along_k ? kDepth : kDepth * product.lda, b_step = b_along_k ? kDepth : kDepth * product.ldb;
  const int width_a = product.m - first_row, width_b = product.n - first_column;

  const int warp = warp_in_block(), lane = lane_in_warp();
  const int my_row = (warp / Tile::kWarpColumns * 4 + lane / 8) * kVector;
  const int my_column = (warp % Tile::kWarpColumns * 8 + lane % 8) * kVector;
  constexpr int kRowStep = Tile::kThreadRows * kVector, kColumnStep = Tile::kThreadColumns * kVector;

  T sums[Tile::kRows][Tile::kColumns] = {};
  T a_sums[kSumA ? Tile::kRows : 1] = {};
  PieceA piece_a;
  PieceB piece_b;
  piece_a.fetch(a, product.lda, a_along_k, a_vectors, width_a, depth);
  piece_b.fetch(b, product.ldb, b_along_k, b_vectors, width_b, depth);
  piece_a.put(shared_a, a_along_k);
  piece_b.put(shared_b, b_along_k);
  __syncthreads();
  int half = 0;
  for (int k = 0; k < depth; k += kDepth, half ^= 1) {
    const bool more = k + kDepth < depth;
    if (more) {
      a += a_step;
      b += b_step;
      piece_a.fetch(a, product.lda, a_along_k, a_vectors, width_a, depth - k - kDepth);
      piece_b.fetch(b, product.ldb, b_along_k, b_vectors, width_b, depth - k - kDepth);
    }
    const auto from_a = shared_a + (half * PieceA::kNumel + my_row);
    const auto from_b = shared_b + (half * PieceB::kNumel + my_column);
#pragma unroll
    for (int p = 0; p < kDepth; ++p) {
      Vector<T, kVector> rows[kRowGroups], columns[kColumnGroups];
#pragma unroll
      for (int g = 0; g < kRowGroups; ++g)
        rows[g] = shared_cast<const Vector<T, kVector>>(from_a + (p * PieceA::kStride + g * kRowStep))[0];
#pragma unroll
      for (int g = 0; g < kColumnGroups; ++g)
        columns[g] = shared_cast<const Vector<T, kVector>>(from_b + (p * PieceB::kStride + g * kColumnStep))[0];
#pragma unroll
      for (int i = 0; i < Tile::kRows; ++i) {
        const T x = rows[i / kVector][i % kVector];
#pragma unroll
        for (int j = 0; j < Tile::kColumns; ++j) sums[i][j] += x * columns[j / kVector][j % kVector];
        if constexpr (kSumA) a_sums[i] += x;
      }
    }
    if (more) {
      piece_a.put(shared_a + (half ^ 1) * PieceA::kNumel, a_along_k);
      piece_b.put(shared_b + (half ^ 1) * PieceB::kNumel, b_along_k);
    }
    __syncthreads();
    if constexpr (Totals::kWanted) {
      const int terms = k + kDepth;
      if (depth > Totals::kPart && (terms % Totals::kPart == 0 || !more))
        Totals::take(totals, sums, terms <= Totals::kPart, !more);
    }
  }

#pragma unroll
  for (int r = 0; r < kRowGroups; ++r) {
    const int row = first_row + my_row + r * kRowStep;
#pragma unroll
    for (int g = 0; g < kColumnGroups; ++g) {
      Vector<T, kVector> values[kVector];
#pragma unroll
      for (int i = 0; i < kVector; ++i) {
#pragma unroll
        for (int j = 0; j < kVector; ++j) values[i][j] = sums[r * kVector + i][g * kVector + j];
      }
      put_sums(product, slice, batch, row, 1, first_column + my_column + g * kColumnStep, values);
    }
    if (kSumA && tile.column == 0 && my_column == 0) {
#pragma unroll
      for (int i = 0; i < kVector; ++i) put_row_sum(product, slice, row + i, a_sums[kSumA ? r * kVector + i : 0]);
    }
  }
}

template <typename Tile, typename T>
void launch_tile(LaunchSite site, const Product<T>& product) {
  constexpr int kVector = kVectorSize<T>;
  using PieceA = Piece<T, Tile::kTileRows, Tile::kDepth, Tile::kThreads>;
  using PieceB = Piece<T, Tile::kTileColumns, Tile::kDepth, Tile::kThreads>;
  using Totals = PartTotals<T, Tile>;
  constexpr std::size_t kPieces = 2 * (PieceA::kNumel + PieceB::kNumel) * sizeof(T);
  const bool a_vectors = is_vector_aligned<kVector>(product.a, product.lda) && product.stride_a % kVector == 0 &&
                         product.slice_a % kVector == 0;
  const bool b_vectors =
      product.template is_b_aligned<kVector>() && product.stride_b % kVector == 0 && product.slice_b % kVector == 0;
  const dim3 grid = tile_grid(product, Tile::kTileRows, Tile::kTileColumns);
  const auto start = [&]<std::size_t kBytes>(std::integral_constant<std::size_t, kBytes>) -> void {
    if (product.a_sum != nullptr) {
      launch<gemm_simt<T, Tile, true>, kBytes>(grid, Tile::kThreads, site, product, a_vectors, b_vectors);
    } else {
      launch<gemm_simt<T, Tile, false>, kBytes>(grid, Tile::kThreads, site, product, a_vectors, b_vectors);
    }
  };
  if constexpr (Totals::kWanted) {
    if (product.k_slice > Totals::kPart)
      return start(std::integral_constant<std::size_t, kPieces + Totals::kNumel * sizeof(T)>{});
  }
  start(std::integral_constant<std::size_t, kPieces>{});
}

}  // namespace

template <Real T>
void launch_simt(LaunchSite site, const Product<T>& product, int tile) {
  if constexpr (std::same_as<T, float>) {
    if (tile == 0) return launch_tile<SimtTile<128, 64, 8, 8, 8, 3>>(site, product);
    if (tile == 1) return launch_tile<SimtTile<64, 64, 8, 8, 8, 6>>(site, product);
    launch_tile<SimtTile<32, 32, 8, 4, 4, 12>>(site, product);
  } else {
    if (tile == 0) return launch_tile<SimtTile<64, 64, 8, 8, 4, 3>>(site, product);
    launch_tile<SimtTile<32, 32, 8, 4, 4, 8>>(site, product);
  }
}

template void launch_simt<float>(LaunchSite, const Product<float>&, int);
template void launch_simt<double>(LaunchSite, const Product<double>&, int);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
