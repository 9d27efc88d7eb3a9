// Products of a matrix of few rows and the transpose of a large one: a linear layer's of a single text. The large
// matrix is read once, in its own order; libraries pack it first, which costs as much as such a product. Sums run along
// k in the lanes of registers, so that no number of rows is an odd one.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/gemv.hpp>
#include <tempa/cpu/small_gemm.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

inline constexpr int kSkinnyColumns = 4;  // with kTileRows rows 24 sums: the registers but those of the operands

/// sums = the lanes' sums of four vectors.
inline void sum_lanes_of_four(float (&sums)[4], const Vector<float> (&v)[4]) {
  Vector<float> low, high, pairs[2];
  for (int i = 0; i < 2; ++i) {
    interleave<float>(low, high, v[2 * i], v[2 * i + 1]);
    pairs[i] = low + high;
  }
  interleave<float>(low, high, pairs[0], pairs[1]);
  Vector<float> all = low + high;  // lanes of the vectors 0 2 1 3, 0 2 1 3, ...
  if constexpr (kVectorWidth<float> >= 16) {
    rotate<float, 8>(low, all);
    all += low;
  }
  if constexpr (kVectorWidth<float> >= 8) {
    rotate<float, 4>(low, all);
    all += low;
  }
  sums[0] = all[0], sums[1] = all[2], sums[2] = all[1], sums[3] = all[3];
}

/// c = alpha a b^T + beta c for `kRows` rows of a, four rows of b, and a k that is a multiple of `kVectorWidth`.
/// @param next, after_next rows that later tiles read: they are called for from memory meanwhile.
template <int kRows>
inline void skinny_tile(float* c, Index ldc, const float* a, Index lda, const float* b, Index ldb, Index k, float alpha,
                        float beta, const float* next, const float* after_next) {
  Vector<float> sum[kRows][kSkinnyColumns] = {};
  for (Index p = 0; p < k; p += kVectorWidth<float>) {
    __builtin_prefetch(next + p, 0, 2);
    __builtin_prefetch(after_next + p, 0, 2);
    Vector<float> right[kSkinnyColumns];
    for (int j = 0; j < kSkinnyColumns; ++j) load(right[j], b + j * ldb + p);
    for (int i = 0; i < kRows; ++i) {
      Vector<float> left;
      load(left, a + i * lda + p);
#if defined(__AVX__)
      asm("" : "+v"(left));  // into a register: g++ would read it again for each product, more than the core can
#endif
      for (int j = 0; j < kSkinnyColumns; ++j) sum[i][j] += left * right[j];
    }
  }
  for (int i = 0; i < kRows; ++i) {
    float sums[kSkinnyColumns];
    sum_lanes_of_four(sums, sum[i]);
    for (int j = 0; j < kSkinnyColumns; ++j) {
      float& to = c[i * ldc + j];
      to = beta == 0.0f ? alpha * sums[j] : alpha * sums[j] + beta * to;
    }
  }
}

/// The same for 1 to `kTileRows` rows.
template <int kRows = kTileRows, typename... Args>
inline void skinny_tile_of(Index rows, float* c, const Args&... args) {
  if constexpr (kRows > 1) {
    if (rows < kRows) return skinny_tile_of<kRows - 1>(rows, c, args...);
  }
  skinny_tile<kRows>(c, args...);
}

}  // namespace detail

/// Whether `skinny_gemm` is the fastest for a product of these sizes, as measured against oneDNN, which loses much
/// where k is long and n short. The answer does not depend on the number of threads.
inline bool prefers_skinny_gemm(Index m, Index n, Index k) {
  constexpr bool kIsWide = kVectorBytes >= 32;  // else libraries, which look at the processor, use wider registers
  return kIsWide && m <= (k >= 2 * n ? 192 : 96) && n >= 64 && k >= 64;
}

/// C = alpha A B^T + beta C; C is not read when beta is 0. Each element is summed by one thread, in an order that
/// depends on k alone.
/// @param c (m,n). @param a (m,k). @param b (n,k).
inline void skinny_gemm(Backend, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
                        Index ldb, float beta, float* c, Index ldc) {
  constexpr Index kColumns = detail::kSkinnyColumns;
  constexpr Index kPiece = 1024;  // of k: the operands of a tile stay in the nearest cache
  const Index groups = n / kColumns, whole = k / kVectorWidth<float> * kVectorWidth<float>;
  const Index tiles = (m + kTileRows - 1) / kTileRows;
  const auto add_dots = [=](Index j, Index first, float old) {  // column j of c, from element `first` of k on
    for (Index i = 0; i < m; ++i) {
      float& to = c[i * ldc + j];
      const float sum = alpha * detail::dot(a + i * lda + first, b + j * ldb + first, k - first);
      to = old == 0.0f ? sum : sum + old * to;
    }
  };
  parallel_for(0, groups, 8, [=](Index first, Index last) {
    for (Index j = first * kColumns; j < last * kColumns; j += kColumns) {
      for (Index p = 0; p < whole; p += kPiece) {
        const Index depth = std::min(kPiece, whole - p);
        // What comes next of b: more of these rows, or the following ones. The tiles share in calling for it.
        const float* const next =
            b + (p + depth < whole ? j * ldb + p + depth : std::min(j + kColumns, n - kColumns) * ldb);
        for (Index tile = 0; tile < tiles; ++tile) {
          const Index i = tile * m / tiles, rows = (tile + 1) * m / tiles - i;  // almost equal heights
          const float* const row = next + tile % kColumns * ldb;
          detail::skinny_tile_of(rows, c + i * ldc + j, ldc, a + i * lda + p, lda, b + j * ldb + p, ldb, depth, alpha,
                                 p == 0 ? beta : 1.0f, row,
                                 tiles < kColumns ? next + (tile + 2) % kColumns * ldb : row);
        }
      }
      if (whole < k)
        for (Index column = j; column < j + kColumns; ++column) add_dots(column, whole, whole == 0 ? beta : 1.0f);
    }
  });
  for (Index j = groups * kColumns; j < n; ++j) add_dots(j, 0, beta);
}

}  // namespace tempa::inline TEMPA_ABI::cpu
