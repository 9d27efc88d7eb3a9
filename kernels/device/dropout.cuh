// Dropout of a few neighboring elements, whose mask is computed when needed: one call of Philox for four elements.
// (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".)
#pragma once

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// Which elements are dropped, and the factor on the others; drops all where the factor is 0.
template <typename A>
struct DropoutRule {
  RandomStream stream;
  std::uint32_t threshold;
  A scale;

  DropoutRule(double drop_prob, RandomStream of)
      : stream(of),
        threshold(drop_threshold(drop_prob)),
        scale(drop_prob >= 1 ? A(0) : static_cast<A>(1 / (1 - drop_prob))) {}

  /// Elements i … i + k - 1; i is a multiple of k, which is 1, 2 or a multiple of 4.
  template <typename T, int k>
  __device__ Vector<T, k> apply(const Vector<T, k>& in, Index i) const {
    Vector<T, k> out;
    uint4 words{};
#pragma unroll
    for (int j = 0; j < k; ++j) {
      if (j % 4 == 0 && threshold != 0) words = random_block(stream, (i + j) / 4);
      const bool drops = word_of(words, k >= 4 ? j : i + j) < threshold || scale == A(0);
      out[j] = drops ? T{} : from_accumulator<T>(to_accumulator(in[j]) * scale);
    }
    return out;
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda
