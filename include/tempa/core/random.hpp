// Counter-based random numbers: element i of a stream is a pure function of (seed, i), the same on CPU and GPU and for
// any number of threads, so that a dropout mask can be computed again instead of stored, and a run can be resumed from
// two integers.
#pragma once

#include <tempa/core/shape.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <utility>

namespace tempa::inline TEMPA_ABI {

/// Philox 4x32-10: four 32-bit numbers from a 128-bit counter and a 64-bit key.
/// @source Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
constexpr std::array<std::uint32_t, 4> philox(std::uint64_t key, std::uint64_t counter,
                                              std::uint64_t counter_high = 0) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  auto c0 = static_cast<std::uint32_t>(counter), c1 = static_cast<std::uint32_t>(counter >> 32);
  auto c2 = static_cast<std::uint32_t>(counter_high), c3 = static_cast<std::uint32_t>(counter_high >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c0, p1 = std::uint64_t{0xCD9E8D57u} * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<std::uint32_t>(p0);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return {c0, c1, c2, c3};
}

/// The position of a random stream in device memory, which a recorded step reads each time it runs.
struct RandomOrigin {
  std::uint64_t seed = 0;
  std::uint64_t block = 0;
};

/// A reserved range of a random stream: number i is lane i % 4 of `philox(seed, block + i / 4)`.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint64_t block = 0;
  /// In a recorded step of a GPU, what the kernels add to seed and block; else nullptr.
  const RandomOrigin* origin = nullptr;

  /// Random number `i` of the range, all 32 bits equally likely.
  std::uint32_t bits(std::uint64_t i) const { return philox(seed, block + i / 4)[i % 4]; }
};

/// Dropout keeps an element whose random bits are at least this: P(bits < threshold) = drop_prob, to 2^-32.
/// @param drop_prob in [0, 1].
std::uint32_t drop_threshold(double drop_prob);

/// A random stream with a position. Two integers are its whole state. Not for concurrent use.
class Generator {
 public:
  explicit Generator(std::uint64_t seed = 0, std::uint64_t block = 0) : seed_(seed), block_(block) {}

  std::uint64_t seed() const { return seed_; }
  /// Position in blocks of four numbers; `Generator(seed(), block())` continues from here, at a block's start.
  std::uint64_t block() const { return block_; }

  /// Numbers drawn since the beginning of the stream, skipped ones included; with the seed, the whole state.
  std::uint64_t position() const { return 4 * block_ - left_; }
  /// Moves to a `position()` of a generator with the same seed: the next number will be the same.
  void seek(std::uint64_t position);

  /// Reserves `count` numbers for parallel use and moves on past them.
  /// @throws CudaError while a step is recorded from another generator: this one's position would be recorded as a
  /// constant.
  RandomStream reserve(Index count);

  /// From now on `reserve` returns streams that count from `origin`, to which the caller writes this generator's
  /// position before a recorded step runs; nullptr ends that. Only one generator of a thread can do so at a time.
  void record_from(const RandomOrigin* origin);

  /// The next 32 random bits.
  std::uint32_t bits() {
    if (left_ == 0) {
      buffer_ = philox(seed_, block_++);
      left_ = 4;
    }
    return buffer_[4 - left_--];
  }

  /// Uniform in [0, 1), 53 bits.
  double uniform() {
    const std::uint64_t high = bits(), low = bits();
    return static_cast<double>(((high << 32) | low) >> 11) * 0x1p-53;
  }

  /// Standard normal. @source Box and Muller 1958.
  double normal();

  /// Uniform in [0, n), without bias. @throws ValueError when n is not positive.
  std::int64_t below(std::int64_t n);

 private:
  std::uint64_t seed_;
  std::uint64_t block_;
  std::array<std::uint32_t, 4> buffer_{};
  unsigned left_ = 0;
  const RandomOrigin* origin_ = nullptr;
  std::uint64_t recorded_from_ = 0;

  /// The generator from which this thread records.
  static const Generator*& recorded();
};

/// A random permutation of `items` in place (Fisher-Yates).
template <typename T>
void shuffle(std::span<T> items, Generator& generator) {
  for (std::size_t i = items.size(); i > 1; --i)
    std::swap(items[i - 1], items[static_cast<std::size_t>(generator.below(static_cast<std::int64_t>(i)))]);
}

/// This thread's generator for initialization and dropout, unless they are given another one.
Generator& default_generator();

/// Restarts `default_generator` of this thread at `seed`.
void manual_seed(std::uint64_t seed);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/core/impl/random.ipp>
#endif
