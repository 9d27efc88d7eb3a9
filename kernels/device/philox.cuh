// The random numbers of core/random.hpp in kernels.
#pragma once

#include <tempa/core/random.hpp>

#include "kernels/device/platform.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// Random numbers 4 block … 4 block + 3 of the stream.
__device__ inline uint4 random_block(const RandomStream& stream, Index block) {
  std::uint64_t seed = stream.seed, first = stream.block + static_cast<std::uint64_t>(block);
  if (stream.origin != nullptr) {  // the same for all threads
    seed += stream.origin->seed;
    first += stream.origin->block;
  }
  const auto words = philox(seed, first);
  return make_uint4(words[0], words[1], words[2], words[3]);
}

/// Number `i` of a block of four, without an index into memory.
__device__ inline std::uint32_t word_of(const uint4& words, Index i) {
  const std::uint32_t low = i % 2 == 0 ? words.x : words.y, high = i % 2 == 0 ? words.z : words.w;
  return i % 4 < 2 ? low : high;
}

/// Random number `i` of the stream: `stream.bits(i)`.
__device__ inline std::uint32_t random_bits(const RandomStream& stream, Index i) {
  return word_of(random_block(stream, i / 4), i);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
