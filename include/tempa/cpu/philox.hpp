// Random bits in bulk: a whole register of Philox counters at once.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/cpu/vector.hpp>

#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// 64-bit lanes of which the rounds of Philox read the lower 32 bits.
using Words = Vector<std::uint64_t>;

/// The 64-bit products of the lower halves of all lanes with `b`.
inline void multiply_low_words(Words& product, const Words& a, std::uint32_t b) {
#if defined(__AVX512F__)
  // With a mask of all lanes, since g++ 12 warns of an uninitialised register inside of the plain one.
  const auto result = _mm512_maskz_mul_epu32(0xff, reinterpret_cast<const __m512i&>(a), _mm512_set1_epi64(b));
  std::memcpy(&product, &result, sizeof product);
#elif defined(__AVX2__)
  const auto result = _mm256_mul_epu32(reinterpret_cast<const __m256i&>(a), _mm256_set1_epi64x(b));
  std::memcpy(&product, &result, sizeof product);
#elif defined(__SSE2__) && !defined(__AVX__)
  const auto result = _mm_mul_epu32(reinterpret_cast<const __m128i&>(a), _mm_set1_epi64x(b));
  std::memcpy(&product, &result, sizeof product);
#else
  product = (a & std::uint64_t{0xffffffffu}) * std::uint64_t{b};
#endif
}

}  // namespace detail

/// Numbers that `fill_bits` makes at once: it writes a multiple of them.
inline constexpr Index kBitsGranule = 8 * kVectorWidth<std::uint64_t>;

/// bits_i = stream.bits(4 block + i), for i < count.
/// @param bits (count rounded up to a multiple of `kBitsGranule`). @param block first block of four numbers.
inline void fill_bits(std::uint32_t* bits, const RandomStream& stream, Index block, Index count) {
  using detail::Words;
  constexpr int kBatches = 2;  // independent registers, to fill the multiplier's pipeline
  constexpr int kWidth = static_cast<int>(kVectorWidth<std::uint64_t>);
  constexpr std::uint64_t kLowWord = 0xffffffffu;
  Words lane{};
  for (int i = 0; i < kWidth; ++i) lane[i] = static_cast<std::uint64_t>(i);
  std::uint64_t counter = stream.block + static_cast<std::uint64_t>(block);
  for (Index at = 0; at < count; at += kBitsGranule, counter += kBatches * kWidth) {
    Words c0[kBatches], c1[kBatches], c2[kBatches], c3[kBatches];
    for (int i = 0; i < kBatches; ++i) {
      c0[i] = lane + (counter + static_cast<std::uint64_t>(i * kWidth));
      c1[i] = c0[i] >> 32;
      c2[i] = c3[i] = Words{};
    }
    auto k0 = static_cast<std::uint32_t>(stream.seed), k1 = static_cast<std::uint32_t>(stream.seed >> 32);
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < kBatches; ++i) {
        Words p0, p1;
        detail::multiply_low_words(p0, c0[i], 0xD2511F53u);
        detail::multiply_low_words(p1, c2[i], 0xCD9E8D57u);
        c0[i] = (p1 >> 32) ^ c1[i] ^ std::uint64_t{k0};
        c1[i] = p1;
        c2[i] = (p0 >> 32) ^ c3[i] ^ std::uint64_t{k1};
        c3[i] = p0;
      }
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < kBatches; ++i) {
      Words low, high;
      interleave<std::uint64_t>(low, high, (c0[i] & kLowWord) | (c1[i] << 32), (c2[i] & kLowWord) | (c3[i] << 32));
      std::memcpy(bits + at + 4 * kWidth * i, &low, sizeof low);
      std::memcpy(bits + at + 4 * kWidth * i + 2 * kWidth, &high, sizeof high);
    }
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
