// Random bits in bulk: a whole register of Philox counters at once.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/cpu/simd/vector.hpp>

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// 64-bit lanes of which the rounds of Philox read the lower 32 bits.
using Words = Vector<std::uint64_t>;

/// The 64-bit products of the lower halves of all lanes with `b`.
inline void multiply_low_words(Words& product, const Words& a, std::uint32_t b) {
#if defined(__AVX512F__)
  // With a mask of all lanes, since g++ 12 warns of an uninitialized register inside of the plain one.
  const auto result = _mm512_maskz_mul_epu32(0xff, reinterpret_cast<const __m512i&>(a), _mm512_set1_epi64(b));
  std::memcpy(&product, &result, sizeof product);
#elif defined(__AVX2__)
  const auto result = _mm256_mul_epu32(reinterpret_cast<const __m256i&>(a), _mm256_set1_epi64x(b));
  std::memcpy(&product, &result, sizeof product);
#elif defined(__SSE2__) && !defined(__AVX__)
  const auto result = _mm_mul_epu32(reinterpret_cast<const __m128i&>(a), _mm_set1_epi64x(b));
  std::memcpy(&product, &result, sizeof product);
#elif defined(__aarch64__)
  const auto result = vmull_u32(vmovn_u64(reinterpret_cast<const uint64x2_t&>(a)), vdup_n_u32(b));
  std::memcpy(&product, &result, sizeof product);
#else
  product = (a & std::uint64_t{0xffffffffu}) * std::uint64_t{b};
#endif
}

}  // namespace detail

/// Numbers that `fill_bits` makes at once: it writes a multiple of them.
inline constexpr Index kBitsGranule = 8 * kVectorWidth<std::uint64_t>;

namespace detail {

inline constexpr int kPhiloxBatches = 2;  // independent registers, to fill the multiplier's pipeline

/// The numbers of `kBitsGranule` / 4 blocks. @param bits (kBitsGranule). @param counters of the blocks.
inline void fill_granule(std::uint32_t* bits, std::uint64_t seed, const Words (&counters)[kPhiloxBatches]) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<std::uint64_t>);
  constexpr std::uint64_t kLowWord = 0xffffffffu;
  Words c0[kPhiloxBatches], c1[kPhiloxBatches], c2[kPhiloxBatches], c3[kPhiloxBatches];
  for (int i = 0; i < kPhiloxBatches; ++i) {
    c0[i] = counters[i];
    c1[i] = c0[i] >> 32;
    c2[i] = c3[i] = Words{};
  }
  auto k0 = static_cast<std::uint32_t>(seed), k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < kPhiloxBatches; ++i) {
      Words p0, p1;
      multiply_low_words(p0, c0[i], 0xD2511F53u);
      multiply_low_words(p1, c2[i], 0xCD9E8D57u);
      c0[i] = (p1 >> 32) ^ c1[i] ^ std::uint64_t{k0};
      c1[i] = p1;
      c2[i] = (p0 >> 32) ^ c3[i] ^ std::uint64_t{k1};
      c3[i] = p0;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int i = 0; i < kPhiloxBatches; ++i) {
    Words low, high;
    interleave<std::uint64_t>(low, high, (c0[i] & kLowWord) | (c1[i] << 32), (c2[i] & kLowWord) | (c3[i] << 32));
    std::memcpy(bits + 4 * kWidth * i, &low, sizeof low);
    std::memcpy(bits + 4 * kWidth * i + 2 * kWidth, &high, sizeof high);
  }
}

}  // namespace detail

/// bits_i = stream.bits(4 block + i), for i < count.
/// @param bits (count rounded up to a multiple of `kBitsGranule`). @param block first block of four numbers.
inline void fill_bits(std::uint32_t* bits, const RandomStream& stream, Index block, Index count) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<std::uint64_t>);
  detail::Words lane{}, counters[detail::kPhiloxBatches];
  for (int i = 0; i < kWidth; ++i) lane[i] = static_cast<std::uint64_t>(i);
  std::uint64_t counter = stream.block + static_cast<std::uint64_t>(block);
  for (Index at = 0; at < count; at += kBitsGranule, counter += kBitsGranule / 4) {
    for (int i = 0; i < detail::kPhiloxBatches; ++i)
      counters[i] = lane + (counter + static_cast<std::uint64_t>(i * kWidth));
    detail::fill_granule(bits + at, stream.seed, counters);
  }
}

/// The numbers of rows with gaps between them: bits_ri = stream.bits(4 (block + r stride) + i), for r < rows and i <
/// row.
/// @param bits (rows,row) rounded up to a multiple of `kBitsGranule`. @param block first block of four numbers.
/// @param stride blocks from a row to the next. @param row a multiple of 4.
inline void fill_bits(std::uint32_t* bits, const RandomStream& stream, Index block, Index stride, Index rows,
                      Index row) {
  constexpr Index kBlocks = kBitsGranule / 4;
  const std::uint64_t first = stream.block + static_cast<std::uint64_t>(block);
  std::uint64_t counters[kBlocks];
  Index r = 0, column = 0;  // of the block that comes next
  for (Index at = 0; at < rows * row; at += kBitsGranule) {
    for (Index i = 0; i < kBlocks; ++i) {
      counters[i] = first + static_cast<std::uint64_t>(r * stride + column);
      if (++column == row / 4) column = 0, ++r;
    }
    detail::Words words[detail::kPhiloxBatches];
    std::memcpy(words, counters, sizeof words);
    detail::fill_granule(bits + at, stream.seed, words);
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
