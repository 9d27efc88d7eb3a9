// The kernels of the operation. A block owns a row and reduces it in a fixed order; for dgamma a thread owns a column
// and adds up the rows in order. No atomics: the same bits in every run.
#include "rms_norm_cuda.hpp"

#include <kernels/common.cuh>

#include <cmath>

using namespace tempa::cuda;
using tempa::Index;

namespace {

constexpr int kThreads = 128;

template <typename T>
__global__ void forward_kernel(T* y, T* rstd, const T* x, const T* gamma, Index cols, T eps) {
  const Index row = static_cast<Index>(blockIdx.x) * cols;
  T squares = 0;
  for (Index c = thread_in_block(); c < cols; c += kThreads) squares += x[row + c] * x[row + c];
  squares = block_sum(squares, shared_array<T>(0, kWarpSize));
  const T scale = T(1) / std::sqrt(squares / static_cast<T>(cols) + eps);
  for (Index c = thread_in_block(); c < cols; c += kThreads) y[row + c] = x[row + c] * scale * gamma[c];
  if (thread_in_block() == 0) rstd[blockIdx.x] = scale;
}

template <typename T>
__global__ void backward_kernel(T* dx, const T* dy, const T* x, const T* gamma, const T* rstd, Index cols) {
  const Index row = static_cast<Index>(blockIdx.x) * cols;
  const T scale = rstd[blockIdx.x];
  T dot = 0;
  for (Index c = thread_in_block(); c < cols; c += kThreads) dot += dy[row + c] * gamma[c] * x[row + c] * scale;
  dot = block_sum(dot, shared_array<T>(0, kWarpSize)) / static_cast<T>(cols);
  for (Index c = thread_in_block(); c < cols; c += kThreads)
    dx[row + c] = scale * (dy[row + c] * gamma[c] - x[row + c] * scale * dot);
}

template <typename T>
__global__ void gamma_kernel(T* dgamma, const T* dy, const T* x, const T* rstd, Index rows, Index cols) {
  const Index c = thread_number_in_grid();
  if (c >= cols) return;
  T sum = 0;
  for (Index i = 0; i < rows; ++i) sum += dy[i * cols + c] * x[i * cols + c] * rstd[i];
  dgamma[c] += sum;
}

}  // namespace

template <tempa::Real T>
void rms_norm_forward(Backend backend, T* y, T* rstd, const T* x, const T* gamma, Index rows, Index cols, T eps) {
  launch<forward_kernel<T>, sizeof(T) * kWarpSize>(blocks_for(rows, 1), kThreads, backend, y, rstd, x, gamma, cols,
                                                   eps);
}

template <tempa::Real T>
void rms_norm_backward(Backend backend, T* dx, T* dgamma, const T* dy, const T* x, const T* gamma, const T* rstd,
                       Index rows, Index cols) {
  launch<backward_kernel<T>, sizeof(T) * kWarpSize>(blocks_for(rows, 1), kThreads, backend, dx, dy, x, gamma, rstd,
                                                    cols);
  if (dgamma != nullptr)
    launch<gamma_kernel<T>, 0>(blocks_for(cols, kThreads), kThreads, backend, dgamma, dy, x, rstd, rows, cols);
}

#define RMS_NORM(T)                                                                        \
  template void rms_norm_forward<T>(Backend, T*, T*, const T*, const T*, Index, Index, T); \
  template void rms_norm_backward<T>(Backend, T*, T*, const T*, const T*, const T*, const T*, Index, Index)

RMS_NORM(float);
RMS_NORM(double);
