// The loss scale of mixed precision in device memory, so that no step has to wait for the host: one thread computes the
// next scale; a loss, which has few elements, is multiplied by one thread for each element.
// Micikevicius et al., "Mixed Precision Training", 2018.
#include <tempa/cuda/loss_scale.hpp>

#include "kernels/device/map.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T>
struct ScaleBy {
  static constexpr int kVector = 1;
  T* y;
  const T* x;
  const double* factor;

  bool aligned() const { return true; }
  template <int k>
  __device__ void run(Index i) const {
    y[i] = from_accumulator<T>(static_cast<Accumulator<T>>(*factor) * to_accumulator(x[i]));
  }
};

__global__ void update_kernel(LossScale* state) {
  if (thread_in_block() == 0) tempa::update_loss_scale(*state);
}

}  // namespace

template <Floating T>
void scale_by(Backend backend, T* y, const T* x, Index n, const double* factor) {
  map(backend, ScaleBy<T>{y, x, factor}, n);
}

void update_loss_scale(Backend backend, LossScale* state) { launch<update_kernel, 0>(1, kWarpSize, backend, state); }

#define TEMPA_SCALE_BY(T) template void scale_by<T>(Backend, T*, const T*, Index, const double*)
TEMPA_SCALE_BY(float);
TEMPA_SCALE_BY(double);
TEMPA_SCALE_BY(float16);
TEMPA_SCALE_BY(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
