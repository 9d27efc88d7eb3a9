// Sums of gradients, and factors on them. A thread owns 16 bytes of the result (map.cuh). Bytes moved: every input
// once, every output once.
#include <tempa/cuda/accumulate.hpp>

#include "kernels/accumulate.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T>
struct Scale {
  static constexpr int kVector = kVectorSize<T>;
  T* x;
  Accumulator<T> factor;

  bool aligned() const { return are_aligned<kVector>(x); }
  template <int k>
  __device__ void run(Index i) const {
    Vector<T, k> out = load_vector<k>(x + i);
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = from_accumulator<T>(to_accumulator(out[j]) * factor);
    store_vector<k>(x + i, out);
  }
};

}  // namespace

template <Floating T>
void accumulate(Backend backend, T* y, const T* x, Index n) {
  map(backend, Accumulate<T>{y, x}, n);
}

template <Floating T>
void scale_in_place(Backend backend, T* x, Index n, Accumulator<T> factor) {
  map(backend, Scale<T>{x, factor}, n);
}

#define TEMPA_ACCUMULATE(T)                                  \
  template void accumulate<T>(Backend, T*, const T*, Index); \
  template void scale_in_place<T>(Backend, T*, Index, Accumulator<T>)

TEMPA_ACCUMULATE(float);
TEMPA_ACCUMULATE(double);
TEMPA_ACCUMULATE(float16);
TEMPA_ACCUMULATE(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
