// Products of a matrix with few rows and the transpose of a large one, as in a linear layer for a single text. The
// large matrix is read once, in its own order; libraries pack it first, which costs as much as such a product. Here the
// small one is packed, transposed: an element of the large one is multiplied by all rows of the small one, which are
// the lanes of registers. Where the processor sums products of pairs of bfloat16 numbers, the element is such a pair.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/gemm/bfloat16_gemm.hpp>
#include <tempa/cpu/gemm/small_gemm.hpp>
#include <tempa/device/detail/storage.hpp>

#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstring>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

// The size of a tile of the result: columns, and vectors of rows. Beside its sums, there must be registers for a word
// of b, or one for each column, and for a vector of a's words for each vector.
inline constexpr int kSkinnyColumns = kVectorRegisters == 32 && !kFactorsInLanes ? 8 : 6;
inline constexpr int kSkinnyVectors = kVectorRegisters == 32 ? 3 : 2;

/// Consecutive numbers that are multiplied at once: a word, which is stored as a float, whatever its bits mean.
template <typename T>
inline constexpr Index kOfWord = static_cast<Index>(sizeof(float) / sizeof(T));

/// The word of up to `kOfWord` numbers, and zeros.
template <typename T>
inline float word_of(const T* numbers, Index count = kOfWord<T>) {
  float word = 0;
  std::memcpy(&word, numbers, static_cast<std::size_t>(count) * sizeof(T));
  return word;
}

/// Adds the products of the numbers in `word` and in each lane of `words`, one by one.
template <typename T>
inline void add_products(Vector<float>& sum, float word, const Vector<float>& words) {
  if constexpr (std::same_as<T, float>) {
    sum += word * words;
  } else {
#if defined(__AVX512BF16__)
    sum = (Vector<float>)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_ps(word), (__m512bh)words);
#endif
  }
}

/// y = x^T for a square of `kVectorWidth` words, of which x has the first `rows` and `numbers` of a row, and zeros
/// elsewhere.
template <typename T>
inline void transpose_tile(float* y, Index ldy, const T* x, Index ldx, Index rows, Index numbers) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<float>);
  Vector<float> square[kWidth];
  for (int i = 0; i < kWidth; ++i) {
    square[i] = Vector<float>{};
    if (i >= rows) continue;
    if (numbers >= kWidth * kOfWord<T>) {
      std::memcpy(&square[i], x + i * ldx, kVectorBytes);
    } else {
      std::memcpy(&square[i], x + i * ldx, static_cast<std::size_t>(numbers) * sizeof(T));
    }
  }
  transpose_square<float>(square);
  for (int i = 0; i < kWidth; ++i) store(y + i * ldy, square[i]);
}

/// c^T = b at for `kColumns` rows of b and `kVectors` vectors of columns of at.
/// @param ct (kColumns,kVectors). @param at (words of k,kVectors). @param next as many rows of b, which are
///   prefetched meanwhile.
template <int kVectors, int kColumns, typename T>
inline void skinny_tile(float* ct, const float* at, const T* b, Index ldb, Index k, const T* next) {
  constexpr Index kWidth = kVectorWidth<float>, kCacheLine = 64 / sizeof(T);
  Vector<float> sum[kColumns][kVectors] = {};
  const auto add = [&](Index p, Index count) {
    Vector<float> left[kVectors];  // unrolled by name, or g++ 12 keeps the sums of pairs in memory
#pragma GCC unroll 3
    for (int i = 0; i < kVectors; ++i) load(left[i], at + (p / kOfWord<T> * kVectors + i) * kWidth);
#pragma GCC unroll 8
    for (int j = 0; j < kColumns; ++j) {
      const float right = word_of(b + j * ldb + p, count);
#pragma GCC unroll 3
      for (int i = 0; i < kVectors; ++i) add_products<T>(sum[j][i], right, left[i]);
    }
  };
  Index p = 0;
  for (; p + kCacheLine <= k; p += kCacheLine) {
    for (int j = 0; j < kColumns; ++j) __builtin_prefetch(next + j * ldb + p);
    for (Index q = p; q < p + kCacheLine; q += kOfWord<T>) add(q, kOfWord<T>);
  }
  for (; p < k; p += kOfWord<T>) add(p, std::min(kOfWord<T>, k - p));
#pragma GCC unroll 8
  for (int j = 0; j < kColumns; ++j)
#pragma GCC unroll 3
    for (int i = 0; i < kVectors; ++i) store(ct + (j * kVectors + i) * kWidth, sum[j][i]);
}

/// Columns [first, last) of c^T, for at of 1 to `kSkinnyVectors` vectors.
/// @param ct (last - first,vectors). @param b (n,k).
template <int kVectors = kSkinnyVectors, typename T>
inline void skinny_columns(Index vectors, float* ct, const float* at, Index first, Index last, Index n, Index k,
                           const T* b, Index ldb) {
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

/// c = alpha sums + beta c, for `count` numbers.
template <typename T>
inline void write_sums(T* c, const float* sums, Index count, float alpha, float beta) {
  if (beta == 0.0f) {
    for (Index i = 0; i < count; ++i) c[i] = narrow<T>(alpha * sums[i]);
  } else {
    for (Index i = 0; i < count; ++i) c[i] = narrow<T>(alpha * sums[i] + beta * widen(c[i]));
  }
}

}  // namespace detail

/// Whether the compiler may use instructions for a `skinny_gemm` of numbers of type `T`.
template <typename T>
inline constexpr bool kHasSkinnyGemm = std::same_as<T, float>;
#if defined(__AVX512BF16__)
template <>
inline constexpr bool kHasSkinnyGemm<bfloat16> = true;
#endif

/// Whether `skinny_gemm` is the fastest for a product of these sizes, as measured against oneDNN, though not against
/// its AMX. The answer does not depend on the number of threads.
template <typename T>
bool prefers_skinny_gemm(Index m, Index n, Index k) {
#if defined(__AVX512BF16__)
  if (std::same_as<T, bfloat16> && detail::has_amx_products()) return false;
#endif
  return kWideVectors && m <= 192 && n >= 64 && k >= 64;
}

/// C = alpha A B^T + beta C, in float, rounded to `T` once; C is not read when beta is 0. Each element is summed by one
/// thread, from the first k to the last.
/// @param c (m,n). @param a (m,k). @param b (n,k).
/// @throws OutOfMemoryError.
template <typename T>
requires kHasSkinnyGemm<T>
void skinny_gemm(Backend, Index m, Index n, Index k, float alpha, const T* a, Index lda, const T* b, Index ldb,
                 float beta, T* c, Index ldc) {
  constexpr Index kWidth = kVectorWidth<float>, kColumns = detail::kSkinnyColumns;
  constexpr Index kDepth = kWidth * detail::kOfWord<T>;  // numbers of a vector
  constexpr Index kBlock = 48;  // columns, whose rows of b stay in the L2 cache for all of a's panels
  const Index vectors = round_up(m, kWidth) / kWidth, words = round_up(k, kDepth) / detail::kOfWord<T>;
  const Index panels = (vectors + detail::kSkinnyVectors - 1) / detail::kSkinnyVectors;
  const auto panel_begin = [=](Index panel) { return panel * vectors / panels * kWidth; };  // of almost equal widths
  parallel_for(0, (n + kColumns - 1) / kColumns, 8, [=](Index first_group, Index last_group) {
    // Every thread packs all of a for itself: that is faster than waiting for other threads.
    const auto packed = allocate_host<float>(static_cast<std::size_t>(vectors * kWidth * words));
    for (Index panel = 0; panel < panels; ++panel) {
      const Index begin = panel_begin(panel), width = panel_begin(panel + 1) - begin;
      float* at = packed.get() + begin * words;
      for (Index p = 0; p < k; p += kDepth, at += kWidth * width)
        for (Index i = 0; i < width; i += kWidth)
          detail::transpose_tile(at + i, width, a + (begin + i) * lda + p, lda, m - begin - i, k - p);
    }
    alignas(kVectorBytes) float ct[kBlock * detail::kSkinnyVectors * kWidth], square[kWidth * kWidth];
    const Index end = std::min(n, last_group * kColumns);
    for (Index first = first_group * kColumns; first < end; first += kBlock) {
      const Index last = std::min(end, first + kBlock);
      for (Index panel = 0; panel < panels; ++panel) {
        const Index begin = panel_begin(panel), width = panel_begin(panel + 1) - begin;
        detail::skinny_columns(width / kWidth, ct, packed.get() + begin * words, first, last, n, k, b, ldb);
        for (Index j = first; j < last; j += kWidth)
          for (Index i = begin; i < std::min(m, begin + width); i += kWidth) {
            const float* const sums = ct + (j - first) * width + i - begin;
            detail::transpose_tile(square, kWidth, sums, width, last - j, kWidth);
            for (Index r = 0; r < std::min(kWidth, m - i); ++r)
              detail::write_sums(c + (i + r) * ldc + j, square + r * kWidth, std::min(kWidth, last - j), alpha, beta);
          }
      }
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
