// The tag by which an operation chooses its CUDA kernels.
#pragma once

#include <tempa/core/config.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// First argument of every launcher: `layer_norm_forward(backend, y, …)`, as for the CPU's kernels, which have another
/// tag. The work of one stream runs in order; see `current_backend`.
struct Backend {
  int device = 0;
  void* stream = nullptr;  ///< a cudaStream_t; null is the device's default stream
};

}  // namespace tempa::inline TEMPA_ABI::cuda
