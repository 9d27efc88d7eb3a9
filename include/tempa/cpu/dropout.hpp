// Dropout, whose mask is computed from Philox counters whenever it is needed.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/simd/philox.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// How many random numbers are generated and used at a time, in cache; a multiple of 4.
inline constexpr Index kDropoutPiece = 1024;

/// `dropout_apply` for `count` elements, whose random numbers begin with number `first`. @param y, x (count).
template <Floating T>
void dropout_run(T* y, const T* x, Index first, Index count, double drop_prob, const RandomStream& stream) {
  if (drop_prob >= 1) {
    std::fill_n(y, count, T{});
    return;
  }
  const std::uint32_t threshold = drop_threshold(drop_prob);
  const auto scale = static_cast<Accumulator<T>>(1 / (1 - drop_prob));
  alignas(64) std::uint32_t bits[kDropoutPiece];
  for (Index begin = 0; begin < count;) {
    const Index skipped = (first + begin) % 4, piece = std::min(kDropoutPiece - skipped, count - begin);
    fill_bits(bits, stream, (first + begin) / 4, skipped + piece);
    const std::uint32_t* const numbers = bits + skipped;
    if constexpr (Real<T>) {
#pragma omp simd
      for (Index i = 0; i < piece; ++i) y[begin + i] = numbers[i] < threshold ? T(0) : x[begin + i] * scale;
    } else {  // on the bits, which compilers vectorize
#pragma omp simd
      for (Index i = 0; i < piece; ++i) {
        const std::uint32_t kept = narrow<T>(widen(x[begin + i]) * scale).bits;
        y[begin + i].bits = static_cast<std::uint16_t>(numbers[i] < threshold ? 0u : kept);
      }
    }
    begin += piece;
  }
}

}  // namespace detail

/// y_i = x_i / (1 - drop_prob), or 0, as number i of the stream decides. Used for x and for dy.
/// @param y, x (n).
template <Floating T>
void dropout_apply(Backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream) {
  constexpr Index kPiece = detail::kDropoutPiece;
  parallel_for(0, (n + kPiece - 1) / kPiece, 8, [=](Index first, Index last) {
    const Index begin = first * kPiece;
    detail::dropout_run(y + begin, x + begin, begin, std::min(n, last * kPiece) - begin, drop_prob, stream);
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
