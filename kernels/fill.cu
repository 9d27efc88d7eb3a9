// Sets every element to a value. A thread owns 16 bytes; types of one size share a kernel.
#include <tempa/device/cuda/fill.hpp>

#include "kernels/device/bits.cuh"
#include "kernels/device/map.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename B>
struct Fill {
  static constexpr int kVector = kVectorSize<B>;
  B* y;
  B value;

  bool aligned() const { return are_aligned<kVector>(y); }
  template <int k>
  __device__ void run(Index i) const {
    Vector<B, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = value;
    store_vector<k>(y + i, out);
  }
};

}  // namespace

template <Element T>
void fill(Backend backend, T* y, T value, Index n) {
  map(backend, Fill<Bits<T>>{as_bits(y), std::bit_cast<Bits<T>>(value)}, n);
}

#define TEMPA_FILL(T) template void fill<T>(Backend, T*, T, Index)

TEMPA_FILL(float);
TEMPA_FILL(double);
TEMPA_FILL(float16);
TEMPA_FILL(bfloat16);
TEMPA_FILL(std::int32_t);
TEMPA_FILL(std::int64_t);
TEMPA_FILL(std::uint8_t);

}  // namespace tempa::inline TEMPA_ABI::cuda
