// Products of bfloat16 matrices by the processor's AVX512-BF16 instructions, chosen at run time. A tile of the result,
// 6 rows by 64 columns, stays in registers over the whole of k; b is packed so that a tile reads it in one stream, and
// a is read in place unless it is transposed. Sums are float, rounded once; their order depends on k alone, not on
// the number of threads.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/device/detail/storage.hpp>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(TEMPA_WITH_ONEDNN)
#include <dnnl.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace tempa::inline TEMPA_ABI::cpu::detail {

#if defined(__x86_64__)

#define TEMPA_AVX512_BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))

/// Whether this processor can multiply pairs of bfloat16 numbers, and ONEDNN_MAX_CPU_ISA, if oneDNN is used, does not
/// forbid it.
inline bool has_avx512_bf16() {
  static const bool has = [] {
#if defined(TEMPA_WITH_ONEDNN)
    constexpr auto kPairs = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
    if ((static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & kPairs) != kPairs) return false;
#endif
    return __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
           __builtin_cpu_supports("avx512bf16") != 0;
  }();
  return has;
}

inline constexpr Index kPairTileRows = 6;      // with four vectors of columns the sums fill 24 of 32 registers
inline constexpr Index kPairTileColumns = 64;  // four vectors of 16

/// Whether oneDNN is used and multiplies bfloat16 matrices by AMX.
inline bool has_amx_products() {
#if defined(TEMPA_WITH_ONEDNN)
  constexpr auto kAmx = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_amx);
  static const bool has = (static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & kAmx) == kAmx;
  return has;
#else
  return false;
#endif
}

/// Whether `avx512_bfloat16_gemm` is available and the fastest: oneDNN is faster with AMX, and where packing b costs
/// more than the product. The answer does not depend on the number of threads.
inline bool prefers_avx512_bfloat16_gemm(Index m, Index k) {
  if (!has_avx512_bf16()) return false;
#if defined(TEMPA_WITH_ONEDNN)
  constexpr Index kWorthPacking = 128;
  return !has_amx_products() && m >= kWorthPacking && k >= kWorthPacking;
#else
  static_cast<void>(m), static_cast<void>(k);
  return true;
#endif
}

/// The first `count` of 32 bfloat16 numbers at `p`, zeros in place of the others, which are not read.
TEMPA_AVX512_BF16 inline __m512i load_bfloat16(const bfloat16* p, Index count) {
  if (count <= 0) return _mm512_setzero_si512();
  const __mmask32 mask = count >= 32 ? ~__mmask32{0} : static_cast<__mmask32>((std::uint32_t{1} << count) - 1);
  return _mm512_maskz_loadu_epi16(mask, p);
}

/// Interleaves rows 2p and 2p + 1 of the row-major x (rows,columns): the word y_pj is x_2p,j below x_2p+1,j, with
/// zeros for a missing row. Columns are divided into panels of `width`, padded with zeros: y_pj is word
/// p width + j % width of panel j / width.
/// @param y (panels,pairs,width), of which panels [first, last) are written. @param width a multiple of 32, or
/// below 16.
TEMPA_AVX512_BF16 inline void pack_pairs_of_rows(std::uint32_t* y, const bfloat16* x, Index ldx, Index rows,
                                                 Index columns, Index width, Index first, Index last) {
  constexpr Index kBlock = 16;  // pairs: the cache lines of their rows stay until the next panels need them
  const Index pairs = (rows + 1) / 2, step = std::min<Index>(width, 32);
  const auto mask = static_cast<__mmask16>(width < 16 ? (1u << width) - 1 : 0xffffu);
  alignas(64) std::uint16_t order[2][32];
  for (int i = 0; i < 32; ++i) {
    order[0][i] = static_cast<std::uint16_t>(i / 2 + i % 2 * 32);
    order[1][i] = static_cast<std::uint16_t>(16 + order[0][i]);
  }
  const __m512i low = _mm512_load_si512(order[0]), high = _mm512_load_si512(order[1]);
  for (Index begin = 0; begin < pairs; begin += kBlock)
    for (Index panel = first; panel < last; ++panel)
      for (Index p = begin; p < std::min(pairs, begin + kBlock); ++p)
        for (Index j = 0; j < width; j += step) {
          const Index column = panel * width + j, count = std::min(step, columns - column);
          const bfloat16* const from = x + 2 * p * ldx + column;
          const __m512i even = load_bfloat16(from, count);
          const __m512i odd = 2 * p + 1 < rows ? load_bfloat16(from + ldx, count) : _mm512_setzero_si512();
          std::uint32_t* const to = y + (panel * pairs + p) * width + j;
          _mm512_mask_storeu_epi32(to, mask, _mm512_permutex2var_epi16(even, low, odd));
          if (step == 32) _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi16(even, high, odd));
        }
}

/// The transpose of 16 by 16 words: four perfect shuffles of the rows. (Not by intrinsics of which g++ 12 says that
/// they use what they have not set.)
TEMPA_AVX512_BF16 inline void transpose_words(__m512i (&x)[16]) {
  using Lane [[gnu::vector_size(64)]] = std::int32_t;
  Lane from[16], to[16];
  std::memcpy(from, x, sizeof(from));
#pragma GCC unroll 4
  for (int step = 0; step < 4; ++step) {
#pragma GCC unroll 8
    for (int r = 0; r < 8; ++r) {
      to[2 * r] = __builtin_shufflevector(from[r], from[r + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      to[2 * r + 1] =
          __builtin_shufflevector(from[r], from[r + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
#pragma GCC unroll 16
    for (int r = 0; r < 16; ++r) from[r] = to[r];
  }
  std::memcpy(x, from, sizeof(from));
}

/// Interleaves elements 2p and 2p + 1 of every row of the row-major x (rows,columns): y_pj is x_j,2p below x_j,2p+1, in
/// the panels of `pack_pairs_of_rows`, whose columns are the rows of x.
TEMPA_AVX512_BF16 inline void pack_pairs_of_columns(std::uint32_t* y, const bfloat16* x, Index ldx, Index rows,
                                                    Index columns, Index first_panel, Index last_panel) {
  const Index pairs = (columns + 1) / 2;
  for (Index panel = first_panel; panel < last_panel; ++panel) {
    for (Index j = 0; j < kPairTileColumns; j += 16) {
      const Index first_row = panel * kPairTileColumns + j;
      for (Index p = 0; p < pairs; p += 16) {
        __m512i words[16];
        for (Index r = 0; r < 16; ++r)
          words[r] = first_row + r < rows ? load_bfloat16(x + (first_row + r) * ldx + 2 * p, columns - 2 * p)
                                          : _mm512_setzero_si512();
        transpose_words(words);
        for (Index q = 0; q < std::min<Index>(16, pairs - p); ++q)
          _mm512_storeu_si512(y + (panel * pairs + p + q) * kPairTileColumns + j, words[q]);
      }
    }
  }
}

/// One tile of the result: `kRows` rows, `columns` columns.
/// @param a pairs as words: that of row i and pair p is at i a_row + p a_pair bytes. @param b (pairs,64) a panel.
template <int kRows>
TEMPA_AVX512_BF16 void pair_tile(bfloat16* c, Index ldc, const char* a, Index a_row, Index a_pair,
                                 const std::uint32_t* b, Index pairs, Index columns, bool accumulates) {
  __m512 sum[kRows][4];
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sum[i][j] = _mm512_setzero_ps();
  for (Index p = 0; p < pairs; ++p) {
    __m512i row[4];
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) row[j] = _mm512_loadu_si512(b + p * kPairTileColumns + 16 * j);
#pragma GCC unroll 6
    for (int i = 0; i < kRows; ++i) {
      std::int32_t word = 0;
      std::memcpy(&word, a + i * a_row, sizeof(word));
      const __m512i factor = _mm512_set1_epi32(word);
#pragma GCC unroll 4
      for (int j = 0; j < 4; ++j) sum[i][j] = _mm512_dpbf16_ps(sum[i][j], (__m512bh)factor, (__m512bh)row[j]);
    }
    a += a_pair;
  }
#pragma GCC unroll 6
  for (int i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      const Index count = std::clamp<Index>(columns - 16 * j, 0, 16);
      const auto mask = static_cast<__mmask16>((1u << count) - 1);
      bfloat16* const to = c + i * ldc + 16 * j;
      __m512 value = sum[i][j];
      if (accumulates) {
        const __m512i bits = _mm512_maskz_cvtepu16_epi32(mask, _mm256_maskz_loadu_epi16(mask, to));
        value = _mm512_add_ps(value, _mm512_castsi512_ps(_mm512_maskz_slli_epi32(mask, bits, 16)));
      }
      _mm256_mask_storeu_epi16(to, mask, (__m256i)_mm512_cvtneps_pbh(value));
    }
}

/// The tile of `rows` rows, 1 to 6.
inline void pair_tile_of(Index rows, bfloat16* c, Index ldc, const char* a, Index a_row, Index a_pair,
                         const std::uint32_t* b, Index pairs, Index columns, bool accumulates) {
  constexpr decltype(&pair_tile<1>) kTiles[] = {&pair_tile<1>, &pair_tile<2>, &pair_tile<3>,
                                                &pair_tile<4>, &pair_tile<5>, &pair_tile<6>};
  kTiles[rows - 1](c, ldc, a, a_row, a_pair, b, pairs, columns, accumulates);
}

/// c = op(a) op(b), or c += op(a) op(b), all row-major, for positive sizes and a processor that `has_avx512_bf16`.
/// @throws OutOfMemoryError.
inline void avx512_bfloat16_gemm(bool trans_a, bool trans_b, Index m, Index n, Index k, const bfloat16* a, Index lda,
                                 const bfloat16* b, Index ldb, bool accumulates, bfloat16* c, Index ldc) {
  constexpr Index kTilesOfTask = 16;
  const Index pairs = (k + 1) / 2, panels = (n + kPairTileColumns - 1) / kPairTileColumns;
  const Index tiles = (m + kPairTileRows - 1) / kPairTileRows, chunks = (tiles + kTilesOfTask - 1) / kTilesOfTask;
  const auto words = [](Index count) { return allocate_host<std::uint32_t>(static_cast<std::size_t>(count)); };

  const auto packed_b = words(panels * pairs * kPairTileColumns);
  parallel_for(0, panels, 1, [=, y = packed_b.get()](Index first, Index last) {
    if (trans_b) {
      pack_pairs_of_columns(y, b, ldb, n, k, first, last);
    } else {
      pack_pairs_of_rows(y, b, ldb, k, n, kPairTileColumns, first, last);
    }
  });

  std::shared_ptr<std::uint32_t[]> packed_a;
  const char* a_words = reinterpret_cast<const char*>(a);
  Index a_row = lda * 2, a_pair = 4, a_tile = kPairTileRows * a_row;
  if (trans_a) {
    packed_a = words(tiles * pairs * kPairTileRows);
    parallel_for(0, tiles, kTilesOfTask, [=, y = packed_a.get()](Index first, Index last) {
      pack_pairs_of_rows(y, a, lda, k, m, kPairTileRows, first, last);
    });
    a_words = reinterpret_cast<const char*>(packed_a.get());
    a_row = 4, a_pair = 4 * kPairTileRows, a_tile = pairs * a_pair;
  } else if (k % 2 != 0) {
    packed_a = words(m * pairs);
    for (Index i = 0; i < m; ++i) {
      packed_a[i * pairs + pairs - 1] = 0;
      std::memcpy(packed_a.get() + i * pairs, a + i * lda, static_cast<std::size_t>(k) * sizeof(bfloat16));
    }
    a_words = reinterpret_cast<const char*>(packed_a.get());
    a_row = 4 * pairs, a_tile = kPairTileRows * a_row;
  }

  parallel_for(0, panels * chunks, 1, [=, y = packed_b.get()](Index first, Index last) {
    for (Index task = first; task < last; ++task) {
      const Index panel = task / chunks, column = panel * kPairTileColumns;
      const Index begin = task % chunks * kTilesOfTask, end = std::min(tiles, begin + kTilesOfTask);
      for (Index tile = begin; tile < end; ++tile)
        pair_tile_of(std::min(kPairTileRows, m - tile * kPairTileRows), c + tile * kPairTileRows * ldc + column, ldc,
                     a_words + tile * a_tile, a_row, a_pair, y + panel * pairs * kPairTileColumns, pairs,
                     std::min(kPairTileColumns, n - column), accumulates);
    }
  });
}

#endif

}  // namespace tempa::inline TEMPA_ABI::cpu::detail
