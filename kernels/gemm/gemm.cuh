// Shared by the files of the matrix product: the description of a product that its kernels get, and the table of
// kernels.
#pragma once

#include <tempa/math/transpose.hpp>

#include "kernels/common.cuh"
#include "kernels/gemm/gemm_epilogue.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

/// C = epilogue(op(A) op(B)) for every matrix of a batch. The sum over k may be divided into slices: slice s starts
/// `s slice_a` and `s slice_b` elements into A and B and has `k_slice` terms (the last one the rest of `k`); its
/// sums go to `partial`, where `reduce_slices` finds them. If the slices are themselves a batch, the sum is over that
/// batch.
template <Floating T>
struct Product {
  using A = Accumulator<T>;

  const T* a = nullptr;
  const T* b = nullptr;
  const T* more_b[2] = {nullptr, nullptr};  ///< B of the second and third product of a group; null for none
  Index lda = 0, ldb = 0;
  Index stride_a = 0, stride_b = 0;  ///< from product to product of the batch
  Index slice_a = 0, slice_b = 0;    ///< from slice to slice
  bool trans_a = false, trans_b = false;
  int m = 0, n = 0;
  Index k = 0;  ///< terms of all slices
  int k_slice = 0;
  int slices = 1, batch = 1;
  A* partial = nullptr;  ///< (batch,slices,m,partial_ld), then (slices,m) sums of A's rows; null for one slice
  T* a_sum = nullptr;    ///< (m) += sum_p op(A)_ip; null for none, and for a batch
  Epilogue<T> epilogue;

  /// Elements from row to row of `partial`, so that four neighbors are aligned.
  __host__ __device__ Index partial_ld() const { return round_up<Index>(n, 4); }
  __host__ __device__ Index partial_numel() const { return Index{batch} * slices * m * partial_ld(); }
  __host__ __device__ int slice_length(int slice) const {
    const Index left = k - Index{slice} * k_slice;
    return static_cast<int>(left < k_slice ? left : Index{k_slice});
  }
  __device__ const T* a_of(int slice, int product) const { return a + product * stride_a + slice * slice_a; }
  /// Whether `n` elements of every B may be loaded at once.
  template <int n>
  bool is_b_aligned() const {
    return is_vector_aligned<n>(b, ldb) && is_vector_aligned<n>(more_b[0]) && is_vector_aligned<n>(more_b[1]);
  }
  __device__ const T* b_of(int slice, int product) const {
    const T* const matrix = product == 1 ? more_b[0] : more_b[1];
    return (product == 0 || more_b[0] == nullptr ? b + product * stride_b : matrix) + slice * slice_b;
  }
};

/// The position of a block's tile. Blocks that run at the same time take tiles that share rows of A and columns of B:
/// eight tiles down, then the next column.
struct TilePlace {
  int row, column;

  __device__ TilePlace(int tile, int rows, int columns) {
    constexpr int kGroup = 8;
    const int group = tile / (kGroup * columns), first = group * kGroup;
    const int height = rows - first < kGroup ? rows - first : kGroup;
    const int in_group = tile - group * kGroup * columns;
    row = first + in_group % height;
    column = in_group / height;
  }
};

/// Writes `kCount` neighbors of several rows to their place: C, or the partial sums of the slice.
template <int kCount, int kRows, Floating T>
__device__ inline void put_sums(const Product<T>& product, int slice, int batch, int row, int row_step, int column,
                                const Vector<Accumulator<T>, kCount> (&sums)[kRows]) {
  if (column >= product.n) return;
  if (product.partial == nullptr) return product.epilogue.put(batch, row, row_step, product.m, column, product.n, sums);
  const Index ld = product.partial_ld();  // the rows are padded: whole vectors fit
  Accumulator<T>* const to =
      product.partial + ((Index{batch} * product.slices + slice) * product.m + row) * ld + column;
#pragma unroll
  for (int r = 0; r < kRows; ++r)
    if (row + r * row_step < product.m) store_vector<kCount>(to + r * row_step * ld, sums[r]);
}

/// The same for the sum of a row of op(A), which one thread of the grid computes for each row and slice.
template <Floating T>
__device__ inline void put_row_sum(const Product<T>& product, int slice, int row, Accumulator<T> sum) {
  if (row >= product.m) return;
  if (product.partial == nullptr) {
    product.a_sum[row] = from_accumulator<T>(to_accumulator(product.a_sum[row]) + sum);
  } else {
    product.partial[product.partial_numel() + Index{slice} * product.m + row] = sum;
  }
}

/// Floats of shared memory that a warp needs for `put_warp_sums`. Rows are padded by 8 floats,
/// so that the pairs of four rows, which half a warp writes at once, are in different banks.
template <int kPassRows, int kPassColumns>
constexpr __host__ __device__ int warp_staging() {
  return kPassRows * 16 * (kPassColumns * 8 + 8);
}

/// A warp's sums, kRowParts x kColumnParts results of mma m16n8, through shared memory to their place, so that
/// whole pieces of rows are written: kPassRows x kPassColumns of them at a time.
template <int kPassRows, int kPassColumns, int kRowParts, int kColumnParts, Floating T>
__device__ inline void put_warp_sums(const Product<T>& product, int slice, int batch, int first_row, int first_column,
                                     const float (&sums)[kRowParts][kColumnParts][4], SharedPointer<float> staging) {
  constexpr int kRows = kPassRows * 16, kColumns = kPassColumns * 8, kStride = kColumns + 8, kVector = 4;
  constexpr int kRowVectors = kColumns / kVector, kRowStep = kWarpSize / kRowVectors;
  constexpr int kAcross = kColumnParts / kPassColumns, kPasses = kRowParts / kPassRows * kAcross;
  constexpr int kMost =
      kPasses > 1 ? 4 : 8;  // rows of a lane that are read together, while other sums are still in registers
  constexpr int kLaneRows = kRows / kRowStep, kAtOnce = kLaneRows < kMost ? kLaneRows : kMost;
  static_assert(kRowParts % kPassRows == 0 && kColumnParts % kPassColumns == 0 && kLaneRows % kAtOnce == 0);
  const int lane = lane_in_warp(), row = lane / kRowVectors, column = lane % kRowVectors * kVector;
  const auto pairs = shared_cast<Vector<float, 2>>(staging);
#pragma unroll 1
  for (int pass = 0; pass < kPasses; ++pass) {
#pragma unroll
    for (int p = 0; p < kPasses; ++p) {  // sums are registers, whose indices must be constants
      if (p != pass) continue;
#pragma unroll
      for (int i = 0; i < kPassRows * 2; ++i) {  // eight rows each
#pragma unroll
        for (int j = 0; j < kPassColumns; ++j) {
          const float(&four)[4] = sums[p / kAcross * kPassRows + i / 2][p % kAcross * kPassColumns + j];
          pairs[((lane / 4 + i * 8) * kStride + j * 8) / 2 + lane % 4] =
              Vector<float, 2>{four[i % 2 * 2], four[i % 2 * 2 + 1]};
        }
      }
    }
    __syncwarp();
    const int pass_row = first_row + pass / kAcross * kRows, pass_column = first_column + pass % kAcross * kColumns;
#pragma unroll 1
    for (int first = row; first < kRows; first += kAtOnce * kRowStep) {
      Vector<float, kVector> values[kAtOnce];
#pragma unroll
      for (int r = 0; r < kAtOnce; ++r)
        values[r] = shared_cast<const Vector<float, kVector>>(staging + ((first + r * kRowStep) * kStride + column))[0];
      put_sums(product, slice, batch, pass_row + first, kRowStep, pass_column + column, values);
    }
    __syncwarp();
  }
}

/// Starts the kernel of a tile, an index into `gemm_tiles<T>()`, on all slices of the product.
template <Real T>
void launch_simt(LaunchSite site, const Product<T>& product, int tile);

/// The same for the kernels on tensor cores.
template <Floating T>
void launch_tensor(LaunchSite site, const Product<T>& product, int tile);

/// Sums the slices in their order and gives the sums to the epilogue. Without any slice the sums are 0.
template <Floating T>
void reduce_slices(LaunchSite site, const Product<T>& product);

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
