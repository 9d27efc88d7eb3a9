// Products of a matrix of few rows and the transpose of a large one: a linear layer's of a single text. The large
// matrix is read once, in its own order; libraries pack it first, which costs as much as such a product. Packed here is
// the small one, transposed: an element of the large one meets all rows of the small one in the lanes of registers.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/core/storage.hpp>
#include <tempa/cpu/small_gemm.hpp>

#include <algorithm>
#include <cstddef>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

// A tile of the result: so many of its columns, times up to so many vectors of its rows. The sums leave registers for
// an element of b and a vector of a's elements for each of the vectors.
inline constexpr int kSkinnyColumns = kVectorRegisters == 32 ? 8 : 6;
inline constexpr int kSkinnyVectors = kVectorRegisters == 32 ? 3 : 2;

/// y = x^T for a square of `kVectorWidth` rows, of which x has the first `rows` and `columns` and zeros elsewhere: a
/// perfect shuffle of the rows for each bit of their number.
inline void transpose_tile(float* y, Index ldy, const float* x, Index ldx, Index rows, Index columns) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<float>);
  Vector<float> from[kWidth], to[kWidth];
  for (int i = 0; i < kWidth; ++i) {
    if (i >= rows) {
      from[i] = Vector<float>{};
    } else if (columns >= kWidth) {
      load(from[i], x + i * ldx);
    } else {
      float row[kWidth] = {};
      std::copy_n(x + i * ldx, columns, row);
      load(from[i], row);
    }
  }
  for (int bit = 1; bit < kWidth; bit *= 2) {
    for (int i = 0; i < kWidth / 2; ++i) interleave<float>(to[2 * i], to[2 * i + 1], from[i], from[i + kWidth / 2]);
    for (int i = 0; i < kWidth; ++i) from[i] = to[i];
  }
  for (int i = 0; i < kWidth; ++i) store(y + i * ldy, from[i]);
}

/// c^T = b at for `kColumns` rows of b and `kVectors` vectors of columns of at.
/// @param ct (kColumns,kVectors). @param at (k,kVectors). @param next as many rows of b, which are called for from
///   memory meanwhile.
template <int kVectors, int kColumns>
inline void skinny_tile(float* ct, const float* at, const float* b, Index ldb, Index k, const float* next) {
  constexpr Index kWidth = kVectorWidth<float>, kCacheLine = 64 / sizeof(float);
  Vector<float> sum[kColumns][kVectors] = {};
  const auto add = [&](Index p) {
    Vector<float> left[kVectors];
    for (int i = 0; i < kVectors; ++i) load(left[i], at + (p * kVectors + i) * kWidth);
    for (int j = 0; j < kColumns; ++j) {
      const float right = b[j * ldb + p];
      for (int i = 0; i < kVectors; ++i) sum[j][i] += right * left[i];
    }
  };
  Index p = 0;
  for (; p + kCacheLine <= k; p += kCacheLine) {
    for (int j = 0; j < kColumns; ++j) __builtin_prefetch(next + j * ldb + p);
    for (Index q = p; q < p + kCacheLine; ++q) add(q);
  }
  for (; p < k; ++p) add(p);
  for (int j = 0; j < kColumns; ++j)
    for (int i = 0; i < kVectors; ++i) store(ct + (j * kVectors + i) * kWidth, sum[j][i]);
}

/// Columns [first, last) of c^T, for at of 1 to `kSkinnyVectors` vectors.
/// @param ct (last - first,vectors). @param b (n,k).
template <int kVectors = kSkinnyVectors>
inline void skinny_columns(Index vectors, float* ct, const float* at, Index first, Index last, Index n, Index k,
                           const float* b, Index ldb) {
  if constexpr (kVectors > 1) {
    if (vectors < kVectors) return skinny_columns<kVectors - 1>(vectors, ct, at, first, last, n, k, b, ldb);
  }
  constexpr Index kColumn = kVectors * kVectorWidth<float>;
  Index j = first;
  for (; j + kSkinnyColumns <= last; j += kSkinnyColumns, ct += kSkinnyColumns * kColumn)
    skinny_tile<kVectors, kSkinnyColumns>(ct, at, b + j * ldb, ldb, k,
                                          b + std::min(j + kSkinnyColumns, n - kSkinnyColumns) * ldb);
  for (; j < last; ++j, ct += kColumn) skinny_tile<kVectors, 1>(ct, at, b + j * ldb, ldb, k, b + j * ldb);
}

}  // namespace detail

/// Whether `skinny_gemm` is the fastest for a product of these sizes, as measured against oneDNN. The answer does not
/// depend on the number of threads.
inline bool prefers_skinny_gemm(Index m, Index n, Index k) {
  constexpr bool kIsWide = kVectorBytes >= 32;  // else libraries, which look at the processor, use wider registers
  return kIsWide && m <= 192 && n >= 64 && k >= 64;
}

/// C = alpha A B^T + beta C; C is not read when beta is 0. Each element is summed by one thread, from k's first to its
/// last.
/// @param c (m,n). @param a (m,k). @param b (n,k).
/// @throws OutOfMemoryError.
inline void skinny_gemm(Backend, Index m, Index n, Index k, float alpha, const float* a, Index lda, const float* b,
                        Index ldb, float beta, float* c, Index ldc) {
  constexpr Index kWidth = kVectorWidth<float>, kColumns = detail::kSkinnyColumns;
  constexpr Index kBlock = 48;  // columns, whose rows of b stay in the second cache for all of a's panels
  const Index vectors = round_up(m, kWidth) / kWidth;
  const Index depth = round_up(k, kWidth), panels = (vectors + detail::kSkinnyVectors - 1) / detail::kSkinnyVectors;
  const auto panel_begin = [=](Index panel) { return panel * vectors / panels; };  // of almost equal widths
  parallel_for(0, (n + kColumns - 1) / kColumns, 8, [=](Index first_group, Index last_group) {
    // Every thread packs all of a for itself: that takes less than to wait for others.
    const auto packed = allocate_host<float>(static_cast<std::size_t>(vectors * kWidth * depth));
    for (Index panel = 0; panel < panels; ++panel) {
      const Index begin = panel_begin(panel) * kWidth, width = panel_begin(panel + 1) * kWidth - begin;
      for (Index p = 0; p < k; p += kWidth)
        for (Index i = 0; i < width; i += kWidth)
          detail::transpose_tile(packed.get() + begin * depth + p * width + i, width, a + (begin + i) * lda + p, lda,
                                 m - begin - i, k - p);
    }
    alignas(kVectorBytes) float ct[kBlock * detail::kSkinnyVectors * kWidth], square[kWidth * kWidth];
    const Index end = std::min(n, last_group * kColumns);
    for (Index first = first_group * kColumns; first < end; first += kBlock) {
      const Index last = std::min(end, first + kBlock);
      for (Index panel = 0; panel < panels; ++panel) {
        const Index begin = panel_begin(panel) * kWidth, width = panel_begin(panel + 1) * kWidth - begin;
        detail::skinny_columns(width / kWidth, ct, packed.get() + begin * depth, first, last, n, k, b, ldb);
        for (Index j = first; j < last; j += kWidth)
          for (Index i = begin; i < std::min(m, begin + width); i += kWidth) {
            detail::transpose_tile(square, kWidth, ct + (j - first) * width + i - begin, width, last - j, kWidth);
            for (Index r = 0; r < std::min(kWidth, m - i); ++r)
              for (Index s = 0; s < std::min(kWidth, last - j); ++s) {
                float& to = c[(i + r) * ldc + j + s];
                const float product = alpha * square[r * kWidth + s];
                to = beta == 0.0f ? product : product + beta * to;
              }
          }
      }
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
