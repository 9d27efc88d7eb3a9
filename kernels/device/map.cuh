// Kernels in which each thread processes 16 bytes of neighboring elements: elementwise functions, copies, casts.
// One vector a thread and 256 threads a block keep 32 KB of loads for each input in flight on a multiprocessor, which
// hides the memory's latency (an H200 needs about 24 KB); elements after the last whole vector, or all where a
// pointer is not aligned, get a thread each in the same grid. Bytes moved: every input once, every output once.
#pragma once

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

inline constexpr int kMapBlock = 256;

/// @tparam Body trivially copyable, with `kVector`, `aligned()`, and `run<k>(i)` for elements [i, i + k).
template <typename Body>
__global__ void __launch_bounds__(kMapBlock) map_kernel(Body body, Index vectors, Index n) {
  const Index thread = thread_number_in_grid(), rest = vectors * Body::kVector;
  if (thread < vectors) {
    body.template run<Body::kVector>(thread * Body::kVector);
  } else if (rest + thread - vectors < n) {
    body.template run<1>(rest + thread - vectors);
  }
}

/// Runs `body` for all elements of [0, n).
template <typename Body>
void map(LaunchSite site, Body body, Index n) {
  const Index vectors = body.aligned() ? n / Body::kVector : 0;
  const Index threads = vectors + n - vectors * Body::kVector;
  launch<map_kernel<Body>, 0>(blocks_for(threads, kMapBlock), kMapBlock, site, body, vectors, n);
}

/// Whether k elements may be loaded at once from each of the pointers.
template <int k, typename... Ts>
bool are_aligned(const Ts*... pointers) {
  return (is_vector_aligned<k>(pointers) && ...);
}

/// A body for rows with gaps between them: `Row{y, x}` is the body of one row. One element a thread unless all rows
/// begin aligned.
template <typename Row, typename To, typename From>
struct MapRows {
  static constexpr int kVector = Row::kVector;
  To* y;
  const From* x;
  Index y_stride, x_stride, width;

  bool aligned() const {
    return is_vector_aligned<kVector>(y, y_stride) && is_vector_aligned<kVector>(x, x_stride) && width % kVector == 0;
  }
  template <int k>
  __device__ void run(Index i) const {
    const Index row = i / width, column = i - row * width;
    Row{y + row * y_stride, x + row * x_stride}.template run<k>(column);
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda
