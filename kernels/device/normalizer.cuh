// The normalizer of a softmax in one pass (Milakov & Gimelshein 2018, "Online normalizer calculation for softmax").
#pragma once

#include <tempa/math/exp.hpp>

#include "kernels/device/rows.cuh"

#include <limits>

namespace tempa::inline TEMPA_ABI::cuda {

template <typename A>
__device__ inline A lowest() {
  return -std::numeric_limits<A>::infinity();
}

/// A maximum and the sum of e^(x - maximum); those of two parts can be combined.
template <typename A>
struct Normalizer {
  A max = lowest<A>(), sum = A(0);

  __device__ void add(A x) {
    if (x == lowest<A>()) return;  // adds nothing, and must not be subtracted from an equal maximum
    if (x <= max) {
      sum += math::exp(x - max);
    } else {  // a new maximum, or a NaN, which stays in the sum
      sum = max == lowest<A>() ? A(1) : sum * math::exp(max - x) + A(1);
      max = x;
    }
  }
};

/// Combines the normalizers of the threads of a row; see `reduce_row`.
template <int kThreads, typename A>
__device__ inline Normalizer<A> combine_row(const Normalizer<A>& mine) {
  const A max = reduce_row<kThreads>(mine.max, Max{}, lowest<A>());
  const A scaled = mine.max == lowest<A>() ? mine.sum : mine.sum * math::exp(mine.max - max);
  return {max, reduce_row<kThreads>(scaled, Sum{}, A(0))};
}

}  // namespace tempa::inline TEMPA_ABI::cuda
