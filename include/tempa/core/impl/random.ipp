// The bodies of <tempa/core/random.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE std::uint32_t drop_threshold(double drop_prob) {
  return static_cast<std::uint32_t>(std::min(drop_prob * 0x1p32, 4294967295.0));
}

TEMPA_INLINE void Generator::seek(std::uint64_t position) {
  block_ = position / 4;
  left_ = 0;
  if (const auto used = static_cast<unsigned>(position % 4); used != 0) {
    buffer_ = philox(seed_, block_++);
    left_ = 4 - used;
  }
}

TEMPA_INLINE RandomStream Generator::reserve(Index count) {
  if (recorded() != nullptr && recorded() != this)
    throw CudaError("[Generator] a recorded step draws from the default generator but another was asked for numbers");
  const RandomStream stream =
      origin_ == nullptr ? RandomStream{seed_, block_} : RandomStream{0, block_ - recorded_from_, origin_};
  block_ += (static_cast<std::uint64_t>(count) + 3) / 4;
  left_ = 0;
  return stream;
}

TEMPA_INLINE void Generator::record_from(const RandomOrigin* origin) {
  origin_ = origin;
  recorded_from_ = block_;
  recorded() = origin != nullptr ? this : nullptr;
}

TEMPA_INLINE double Generator::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

TEMPA_INLINE std::int64_t Generator::below(std::int64_t n) {
  if (n <= 0) throw ValueError(concat("[Generator::below] expected a positive bound but got ", n));
  const auto range = static_cast<std::uint64_t>(n);
  const std::uint64_t limit = UINT64_MAX - (UINT64_MAX % range + 1) % range;
  for (;;) {
    const std::uint64_t high = bits(), low = bits();
    const std::uint64_t value = (high << 32) | low;
    if (value <= limit) return static_cast<std::int64_t>(value % range);
  }
}

TEMPA_INLINE const Generator*& Generator::recorded() {
  thread_local const Generator* generator = nullptr;
  return generator;
}

TEMPA_INLINE Generator& default_generator() {
  thread_local Generator generator(0);
  return generator;
}

TEMPA_INLINE void manual_seed(std::uint64_t seed) { default_generator() = Generator(seed); }

}  // namespace tempa::inline TEMPA_ABI
