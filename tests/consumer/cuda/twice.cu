// A user's kernel, written with what tempa's are written with.
#include "twice.hpp"

#include <kernels/common.cuh>

using namespace tempa::cuda;

namespace {

__global__ void twice_kernel(float* y, const float* x, tempa::Index n) {
  const tempa::Index i = thread_number_in_grid();
  if (i < n) y[i] = 2 * x[i];
}

}  // namespace

void twice(Backend backend, float* y, const float* x, tempa::Index n) {
  launch(twice_kernel, blocks_for(n, 128), 128, 0, backend, y, x, n);
}
