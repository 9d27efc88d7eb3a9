// Products of float or double matrices, both large. A tile of the result, 6 rows by a few vectors of columns, is summed
// in registers over a block of k; b is packed so that a tile reads it in one stream, and a is read in place unless
// it is transposed. The order of an element's sum depends on k alone: not on the number of threads, not on the other
// sizes. (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008, has the blocking.)
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/gemm/small_gemm.hpp>
#include <tempa/device/detail/storage.hpp>
#include <tempa/math/transpose.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>

namespace tempa::inline TEMPA_ABI::cpu {

using tempa::Transpose;

namespace detail {

inline constexpr Index kBlockDepth = 384;   // of k: a panel's block of b stays in the L2 cache
inline constexpr Index kTilesOfBlock = 16;  // tiles of rows that use a panel's block while it is in cache

/// Columns of b that are packed side by side: those of a tile.
template <Real T>
inline constexpr Index kPanelColumns = kTileVectors* kVectorWidth<T>;

/// c = alpha a b + beta c for `kRows` rows and up to `kPanelColumns` columns; c is not read when beta is 0.
/// @param a element (i,p) at i a_row + p a_step. @param b (k,kPanelColumns).
template <int kRows, Real T>
void packed_tile(T* c, Index ldc, const T* a, Index a_row, Index a_step, const T* b, Index k, Index columns, T alpha,
                 T beta) {
  constexpr Index kWidth = kVectorWidth<T>;
  Vector<T> sum[kRows][kTileVectors] = {};
  for (Index p = 0; p < k; ++p) {
    Vector<T> row[kTileVectors];
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) load(row[j], b + p * kPanelColumns<T> + j * kWidth);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      const T factor = a[i * a_row + p * a_step];
#pragma GCC unroll 4
      for (int j = 0; j < kTileVectors; ++j) sum[i][j] += factor * row[j];
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < kTileVectors; ++j) {
      const Index count = std::min(kWidth, columns - j * kWidth);
      if (count <= 0) continue;
      T* const to = c + i * ldc + j * kWidth;
      const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
      Vector<T> result = alpha * sum[i][j];
      if (beta != T(0)) {
        Vector<T> old{};
        if (count == kWidth) {
          load(old, to);
        } else {
          std::memcpy(&old, to, bytes);
        }
        result += beta * old;
      }
      if (count == kWidth) {
        store(to, result);
      } else {
        std::memcpy(to, &result, bytes);
      }
    }
}

/// The tile of `rows` rows, 1 to `kTileRows`.
template <Real T>
void packed_tile_of(Index rows, T* c, Index ldc, const T* a, Index a_row, Index a_step, const T* b, Index k,
                    Index columns, T alpha, T beta) {
  static_assert(kTileRows == 6);
  constexpr decltype(&packed_tile<1, T>) kTiles[] = {&packed_tile<1, T>, &packed_tile<2, T>, &packed_tile<3, T>,
                                                     &packed_tile<4, T>, &packed_tile<5, T>, &packed_tile<6, T>};
  kTiles[rows - 1](c, ldc, a, a_row, a_step, b, k, columns, alpha, beta);
}

/// Rows [0, depth) of panels [first, last) of the row-major x (depth,columns), with zeros for columns beyond the last.
/// @param y (panels,depth,kPanelColumns).
template <Real T>
void pack_panels(T* y, const T* x, Index ldx, Index depth, Index columns, Index first, Index last) {
  constexpr Index kWidth = kPanelColumns<T>;
  for (Index p = 0; p < depth; ++p)
    for (Index panel = first; panel < last; ++panel) {
      const Index count = std::min(kWidth, columns - panel * kWidth);
      T* const to = y + (panel * depth + p) * kWidth;
      const T* const from = x + p * ldx + panel * kWidth;
      if (count == kWidth) {
        std::memcpy(to, from, sizeof(T) * kWidth);
      } else {
        std::copy_n(from, count, to);
        std::fill(to + count, to + kWidth, T(0));
      }
    }
}

/// The same of the transpose of the row-major x (columns,depth).
template <Real T>
void pack_panels_transposed(T* y, const T* x, Index ldx, Index depth, Index columns, Index first, Index last) {
  constexpr Index kWidth = kVectorWidth<T>, kColumns = kPanelColumns<T>;
  for (Index panel = first; panel < last; ++panel)
    for (Index j = 0; j < kColumns; j += kWidth) {
      const Index row = panel * kColumns + j;
      for (Index p = 0; p < depth; p += kWidth) {
        const Index count = std::min(kWidth, depth - p);
        Vector<T> square[kWidth];
        for (Index r = 0; r < kWidth; ++r) {
          square[r] = Vector<T>{};
          if (row + r >= columns) continue;
          const T* const from = x + (row + r) * ldx + p;
          if (count == kWidth) {
            load(square[r], from);
          } else {
            std::memcpy(&square[r], from, static_cast<std::size_t>(count) * sizeof(T));
          }
        }
        transpose_square<T>(square);
        for (Index q = 0; q < count; ++q) store(y + (panel * depth + p + q) * kColumns + j, square[q]);
      }
    }
}

/// Tiles [first, last) of the transpose of the row-major x (depth,rows).
/// @param y (tiles,depth,kTileRows): rows beyond the last are left uninitialized.
template <Real T>
void pack_tiles(T* y, const T* x, Index ldx, Index depth, Index rows, Index first, Index last) {
  for (Index p = 0; p < depth; ++p)
    for (Index tile = first; tile < last; ++tile) {
      T* const to = y + (tile * depth + p) * kTileRows;
      const T* const from = x + p * ldx + tile * kTileRows;
      const Index count = std::min<Index>(kTileRows, rows - tile * kTileRows);
      if (count == kTileRows) {
        std::memcpy(to, from, sizeof(T) * kTileRows);
      } else {
        std::copy_n(from, count, to);
      }
    }
}

}  // namespace detail

/// C = alpha op(A) op(B) + beta C for positive sizes, all row-major; C is not read when beta is 0.
/// @param c (m,n). @param a (m,k), or (k,m) when transposed. @param b (k,n), or (n,k) when transposed.
/// @throws OutOfMemoryError.
template <Real T>
void packed_gemm(Backend, Transpose trans_a, Transpose trans_b, Index m, Index n, Index k, T alpha, const T* a,
                 Index lda, const T* b, Index ldb, T beta, T* c, Index ldc) {
  using namespace detail;
  constexpr Index kColumns = kPanelColumns<T>;
  constexpr Index kPackedNumbers =
      Index{1} << 22;  // columns at a time, so that a vocabulary's matrix is never copied as a whole
  constexpr Index kSmall = Index{1} << 16;  // multiply-adds, or numbers to pack, that are worth a thread
  const bool ta = trans_a == Transpose::kYes, tb = trans_b == Transpose::kYes;
  const Index tiles = (m + kTileRows - 1) / kTileRows, chunks = (tiles + kTilesOfBlock - 1) / kTilesOfBlock;
  const auto grain = [](Index work) { return std::max<Index>(1, kSmall / std::max<Index>(1, work)); };
  const auto numbers = [](Index count) { return allocate_host<T>(static_cast<std::size_t>(count)); };

  // A transposed a is read in place if a tile reads few of its cache lines for many sums.
  const bool packs_a = ta && kColumns * sizeof(T) < 256;
  constexpr Index kChunkRows = kTilesOfBlock * kTileRows;
  if (const Index rows = std::max<Index>(1, kPackedNumbers / (kChunkRows * k)) * kChunkRows; packs_a && m > rows) {
    for (Index row = 0; row < m; row += rows)  // an element's sum is the same in any slab of rows
      packed_gemm(Backend{}, trans_a, trans_b, std::min(rows, m - row), n, k, alpha, a + row, lda, b, ldb, beta,
                  c + row * ldc, ldc);
    return;
  }
  std::shared_ptr<T[]> packed_a;
  if (packs_a) {
    packed_a = numbers(tiles * kTileRows * k);
    parallel_for(0, chunks, grain(kTilesOfBlock * kTileRows * k), [=, y = packed_a.get()](Index first, Index last) {
      pack_tiles(y, a, lda, k, m, first * kTilesOfBlock, std::min(tiles, last * kTilesOfBlock));
    });
  }
  const T* const a_tiles = packs_a ? packed_a.get() : a;
  const Index a_row = ta ? 1 : lda, a_step = packs_a ? Index{kTileRows} : ta ? lda : 1;
  const Index a_tile = kTileRows * (packs_a ? k : a_row);

  const Index all_panels = (n + kColumns - 1) / kColumns;
  const Index panels_at_once = std::clamp<Index>(kPackedNumbers / (kColumns * k), 1, all_panels);
  const auto packed_b = numbers(panels_at_once * kColumns * k);
  for (Index begin = 0; begin < all_panels; begin += panels_at_once) {
    const Index panels = std::min(panels_at_once, all_panels - begin), columns = n - begin * kColumns;
    const T* const b_part = b + begin * kColumns * (tb ? ldb : 1);
    parallel_for(0, panels, grain(kColumns * k), [=, y = packed_b.get()](Index first, Index last) {
      for (Index p = 0; p < k; p += kBlockDepth) {
        const Index depth = std::min(kBlockDepth, k - p);
        T* const block = y + p * panels * kColumns;
        if (tb) {
          pack_panels_transposed(block, b_part + p, ldb, depth, columns, first, last);
        } else {
          pack_panels(block, b_part + p * ldb, ldb, depth, columns, first, last);
        }
      }
    });
    T* const c_part = c + begin * kColumns;
    parallel_for(0, panels * chunks, grain(kTilesOfBlock * kTileRows * kColumns * k),
                 [=, y = packed_b.get()](Index first, Index last) {
                   for (Index task = first; task < last; ++task) {
                     const Index panel = task / chunks, column = panel * kColumns;
                     const Index tile_begin = task % chunks * kTilesOfBlock;
                     const Index tile_end = std::min(tiles, tile_begin + kTilesOfBlock);
                     for (Index p = 0; p < k; p += kBlockDepth) {
                       const Index depth = std::min(kBlockDepth, k - p);
                       const T* const block = y + p * panels * kColumns + panel * depth * kColumns;
                       for (Index tile = tile_begin; tile < tile_end; ++tile)
                         packed_tile_of(std::min<Index>(kTileRows, m - tile * kTileRows),
                                        c_part + tile * kTileRows * ldc + column, ldc,
                                        a_tiles + tile * a_tile + p * a_step, a_row, a_step, block, depth,
                                        std::min(kColumns, columns - column), alpha, p == 0 ? beta : T(1));
                     }
                   }
                 });
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
