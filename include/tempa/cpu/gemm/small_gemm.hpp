// Products of matrices in cache, in one thread: for the many small products of attention, where calling a library would
// cost as much as the product. Operands are padded (see `small_gemm`), so that there are no remainders.
#pragma once

#include <tempa/cpu/simd/vector.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// Rows of the result that `small_gemm` computes at once.
inline constexpr int kTileRows = 6;

/// The smallest multiple of `multiple` that is at least `n`.
constexpr Index round_up(Index n, Index multiple) { return (n + multiple - 1) / multiple * multiple; }

namespace detail {

/// Vectors across a tile: with `kTileRows` rows of them, the sums of a tile fill the registers except for one row of b
/// and the factors of a.
inline constexpr int kTileVectors = (kVectorRegisters - (kFactorsInLanes ? kTileRows : 1)) / (kTileRows + 1);

/// One tile of `small_gemm`: `kTileRows` rows, `kVectors` vectors across.
template <int kVectors, bool kAccumulate, Real T>
inline void small_gemm_tile(T* c, Index ldc, const T* a, Index a_row, Index a_column, const T* b, Index ldb, Index k) {
  Vector<T> sum[kTileRows][kVectors];
  for (int i = 0; i < kTileRows; ++i)
    for (int j = 0; j < kVectors; ++j) {
      if constexpr (kAccumulate) {
        load(sum[i][j], c + i * ldc + j * kVectorWidth<T>);
      } else {
        sum[i][j] = Vector<T>{};
      }
    }
  for (Index p = 0; p < k; ++p) {
    Vector<T> row[kVectors];
    for (int j = 0; j < kVectors; ++j) load(row[j], b + p * ldb + j * kVectorWidth<T>);
    for (int i = 0; i < kTileRows; ++i) {
      const T factor = a[i * a_row + p * a_column];
      for (int j = 0; j < kVectors; ++j) sum[i][j] += factor * row[j];
    }
  }
  for (int i = 0; i < kTileRows; ++i)
    for (int j = 0; j < kVectors; ++j) store(c + i * ldc + j * kVectorWidth<T>, sum[i][j]);
}

}  // namespace detail

/// C = A B, or C += A B, for an A with any strides (also a transposed one) and row-major B and C.
/// @param c (m,n): all columns up to the next multiple of `kVectorWidth` and all rows up to the next multiple of
///   `kTileRows` are written, the ones beyond m and n with meaningless values.
/// @param a (m,k), element (i,p) at i a_row + p a_column, readable for as many rows as `c` has.
/// @param b (k,n), readable for as many columns as `c` has.
template <bool kAccumulate, Real T>
void small_gemm(T* c, Index ldc, const T* a, Index a_row, Index a_column, const T* b, Index ldb, Index m, Index n,
                Index k) {
  if (m == 0) return;
  if (k == 0) {  // A and B are empty, and may be null
    for (Index i = 0; !kAccumulate && i < m; ++i) std::fill_n(c + i * ldc, n, T(0));
    return;
  }
  Index vectors = round_up(n, kVectorWidth<T>) / kVectorWidth<T>;
  while (vectors > 0) {
    const Index tiles = (vectors + detail::kTileVectors - 1) / detail::kTileVectors;
    const Index width = (vectors + tiles - 1) / tiles;  // 5 vectors are 3 + 2: a narrow tile wastes the multiplier
    for (Index i = 0; i < m; i += kTileRows) {
      const T* rows = a + i * a_row;
      T* result = c + i * ldc;
      switch (width) {
        case 1:
          detail::small_gemm_tile<1, kAccumulate>(result, ldc, rows, a_row, a_column, b, ldb, k);
          break;
        case 2:
          detail::small_gemm_tile<2, kAccumulate>(result, ldc, rows, a_row, a_column, b, ldb, k);
          break;
        case 3:
          detail::small_gemm_tile<3, kAccumulate>(result, ldc, rows, a_row, a_column, b, ldb, k);
          break;
        default:
          detail::small_gemm_tile<4, kAccumulate>(result, ldc, rows, a_row, a_column, b, ldb, k);
          break;
      }
    }
    vectors -= width;
    b += width * kVectorWidth<T>;
    c += width * kVectorWidth<T>;
  }
}

/// Transposes the square whose rows are these vectors: a perfect shuffle of the rows for each bit of their number.
template <Real T>
inline void transpose_square(Vector<T> (&rows)[kVectorWidth<T>]) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<T>);
  Vector<T> to[kWidth];
  for (int step = 1; step < kWidth; step *= 2) {
    for (int r = 0; r < kWidth / 2; ++r) interleave<T>(to[2 * r], to[2 * r + 1], rows[r], rows[r + kWidth / 2]);
    for (int r = 0; r < kWidth; ++r) rows[r] = to[r];
  }
}

/// The transpose of a matrix: y_ji = x_ij. Both are read and written up to the next multiple of `kVectorWidth` in both
/// directions.
/// @param y (cols,rows). @param x (rows,cols).
template <Real T>
void small_transpose(T* y, Index ldy, const T* x, Index ldx, Index rows, Index cols) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<T>);
  for (Index i = 0; i < rows; i += kWidth)
    for (Index j = 0; j < cols; j += kWidth) {
      Vector<T> square[kWidth];
      for (int r = 0; r < kWidth; ++r) load(square[r], x + (i + r) * ldx + j);
      transpose_square<T>(square);
      for (int r = 0; r < kWidth; ++r) store(y + (j + r) * ldy + i, square[r]);
    }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
