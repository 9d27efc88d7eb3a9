// Dropout with a mask that is computed when it is needed, from the counters of Philox.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/philox.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_i = x_i / (1 - drop_prob), or 0 where number i of the stream says so. Serves x and dy alike.
/// @param y, x (n).
template <Floating T>
void dropout_apply(Backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream) {
  constexpr Index kPiece = 1024;  // random numbers that are made, and used, in cache
  if (drop_prob >= 1) {
    std::fill_n(y, n, T{});
    return;
  }
  const std::uint32_t threshold = drop_threshold(drop_prob);
  const auto scale = static_cast<Accumulator<T>>(1 / (1 - drop_prob));
  parallel_for(0, (n + kPiece - 1) / kPiece, 8, [=](Index first, Index last) {
    alignas(64) std::uint32_t bits[kPiece];
    for (Index piece = first; piece < last; ++piece) {
      const Index begin = piece * kPiece, count = std::min(kPiece, n - begin);
      fill_bits(bits, stream, begin / 4, count);
      for (Index i = 0; i < count; ++i) {
        const T kept = narrow<T>(widen(x[begin + i]) * scale);
        y[begin + i] = bits[i] < threshold ? T{} : kept;
      }
    }
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
