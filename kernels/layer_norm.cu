// Layer normalization of the rows of a tensor; see layer_norm.cuh.
#include <tempa/cuda/layer_norm.hpp>

#include "kernels/layer_norm.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

template <Floating T>
void layer_norm_forward(Backend backend, T* y, Accumulator<T>* mean, Accumulator<T>* rstd, const T* x, const T* gamma,
                        const T* beta, Index rows, Index cols, Accumulator<T> eps) {
  if (layer_norm::forward(backend, y, mean, rstd, layer_norm::Plain<T>{x}, gamma, beta, rows, cols, eps)) return;
  launch<layer_norm::long_forward_kernel<T>, sizeof(Accumulator<T>) * kWarpSize>(
      blocks_for(rows, 1), kRowBlock, backend, y, mean, rstd, x, gamma, beta, cols, eps);
}

template <Floating T>
void layer_norm_backward(Backend backend, T* dx, T* dgamma, T* dbeta, const T* dy, const T* x, const T* gamma,
                         const Accumulator<T>* mean, const Accumulator<T>* rstd, Index rows, Index cols) {
  using A = Accumulator<T>;
  if (layer_norm::backward(backend, layer_norm::PlainGradient<T>{dx}, dgamma, dbeta, dy, x, gamma, mean, rstd, rows,
                           cols))
    return;
  if (dx != nullptr)
    launch<layer_norm::long_backward_kernel<T>, sizeof(A) * kWarpSize>(blocks_for(rows, 1), kRowBlock, backend, dx, dy,
                                                                       x, gamma, mean, rstd, cols);
  if (dgamma != nullptr || dbeta != nullptr)
    launch<layer_norm::long_parameters_kernel<T>, sizeof(A) * 2 * kColumnBlock>(
        blocks_for(cols, kWarpSize), kColumnBlock, backend, dgamma, dbeta, dy, x, mean, rstd, rows, cols);
}

#define TEMPA_LAYER_NORM(T)                                                                                        \
  template void layer_norm_forward<T>(Backend, T*, Accumulator<T>*, Accumulator<T>*, const T*, const T*, const T*, \
                                      Index, Index, Accumulator<T>);                                               \
  template void layer_norm_backward<T>(Backend, T*, T*, T*, const T*, const T*, const T*, const Accumulator<T>*,   \
                                       const Accumulator<T>*, Index, Index)

TEMPA_LAYER_NORM(float);
TEMPA_LAYER_NORM(double);
TEMPA_LAYER_NORM(float16);
TEMPA_LAYER_NORM(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
