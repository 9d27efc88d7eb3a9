// The tag by which an operation chooses its CUDA kernels.
#pragma once

#include <tempa/core/config.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// First argument of every launcher: `layer_norm_forward(backend, y, …)`, as of the CPU's kernels, which carry another
/// tag. Work of one stream runs in the order in which it was given; see `current_backend`.
struct Backend {
  int device = 0;
  void* stream = nullptr;  ///< a cudaStream_t; null is the device's default stream
};

}  // namespace tempa::inline TEMPA_ABI::cuda
