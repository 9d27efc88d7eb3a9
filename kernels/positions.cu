// Positions of the tokens in packed sequences. A block owns a sequence, a thread every n-th of its
// tokens; each number is written once and only the sequence's bounds are read.
#include <tempa/cuda/positions.hpp>

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kThreads = 128;

__global__ void sequence_positions_kernel(std::int32_t* y, const std::int32_t* cu_seqlens, Index batch) {
  for (Index b = static_cast<Index>(blockIdx.x); b < batch; b += static_cast<Index>(gridDim.x)) {
    const std::int32_t begin = cu_seqlens[b], length = cu_seqlens[b + 1] - begin;
    for (std::int32_t t = thread_in_block(); t < length; t += kThreads) y[begin + t] = t;
  }
}

__global__ void arange_kernel(std::int32_t* y, Index n) {
  for (Index i = thread_number_in_grid(); i < n; i += threads_in_grid()) y[i] = static_cast<std::int32_t>(i);
}

}  // namespace

void sequence_positions(Backend backend, std::int32_t* y, const std::int32_t* cu_seqlens, Index batch) {
  launch<sequence_positions_kernel, 0>(dim3(blocks_for(batch, 1)), dim3(kThreads), backend, y, cu_seqlens, batch);
}

void arange(Backend backend, std::int32_t* y, Index n) {
  launch<arange_kernel, 0>(dim3(blocks_for(n, kThreads)), dim3(kThreads), backend, y, n);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
