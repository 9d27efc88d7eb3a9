// Dropout. A thread owns 16 bytes of the result (map.cuh) and computes their mask from Philox counters, one call for
// four elements (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Bytes moved: x once, y once.
#include <tempa/cuda/dropout.hpp>

#include "kernels/device/dropout.cuh"
#include "kernels/device/map.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T>
struct Dropout {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const T* x;
  DropoutRule<Accumulator<T>> rule;

  bool aligned() const { return are_aligned<kVector>(y, x); }
  template <int k>
  __device__ void run(Index i) const {
    store_vector<k>(y + i, rule.apply(load_vector<k>(x + i), i));
  }
};

}  // namespace

template <Floating T>
void dropout_apply(Backend backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream) {
  map(backend, Dropout<T>{y, x, {drop_prob, stream}}, n);
}

#define TEMPA_DROPOUT(T) template void dropout_apply<T>(Backend, T*, const T*, Index, double, RandomStream)

TEMPA_DROPOUT(float);
TEMPA_DROPOUT(double);
TEMPA_DROPOUT(float16);
TEMPA_DROPOUT(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
