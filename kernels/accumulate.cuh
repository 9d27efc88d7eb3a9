// y += x as a body for map.cuh.
#pragma once

#include "kernels/device/map.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i += x_i.
template <typename T>
struct Accumulate {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const T* x;

  bool aligned() const { return are_aligned<kVector>(y, x); }
  template <int k>
  __device__ void run(Index i) const {
    Vector<T, k> sum = load_vector<k>(y + i);
    const Vector<T, k> more = load_vector<k>(x + i);
#pragma unroll
    for (int j = 0; j < k; ++j) sum[j] = from_accumulator<T>(to_accumulator(sum[j]) + to_accumulator(more[j]));
    store_vector<k>(y + i, sum);
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda
