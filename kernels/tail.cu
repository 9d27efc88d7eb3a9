// Rows that only fill a packed batch up are set to zero: no sequence writes them, so they might hold anything, even
// NaN. A thread owns every n-th element after the last sequence. It reads the end of that sequence from device memory,
// so that a captured graph serves batches of several lengths. Bytes moved: those of the tail.
#include <tempa/cuda/tail.hpp>

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kBlock = 256;

template <typename T>
__global__ void __launch_bounds__(kBlock)
    clear_tail_kernel(T* x, const std::int32_t* cu_seqlens, Index batch, Index n, Index cols) {
  for (Index i = Index{cu_seqlens[batch]} * cols + thread_number_in_grid(); i < n; i += threads_in_grid()) x[i] = T{};
}

}  // namespace

template <Element T>
void clear_tail(Backend backend, T* x, const std::int32_t* cu_seqlens, Index batch, Index rows, Index cols) {
  constexpr Index kBlocks = 264;
  launch<clear_tail_kernel<T>, 0>(blocks_for(rows * cols, kBlock, kBlocks), kBlock, backend, x, cu_seqlens, batch,
                                  rows * cols, cols);
}

#define TEMPA_TAIL(T) template void clear_tail<T>(Backend, T*, const std::int32_t*, Index, Index, Index)

TEMPA_TAIL(float);
TEMPA_TAIL(double);
TEMPA_TAIL(float16);
TEMPA_TAIL(bfloat16);
TEMPA_TAIL(std::int32_t);

}  // namespace tempa::inline TEMPA_ABI::cuda
