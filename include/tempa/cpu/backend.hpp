// The tag by which an operation chooses its CPU kernels.
#pragma once

#include <tempa/core/config.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

/// First argument of every CPU kernel: `layer_norm_forward(cpu::Backend{}, y, …)`. The CUDA kernels have the same names
/// and the same arguments after a tag that carries the stream, so that one call, found by its first argument, serves
/// both.
struct Backend {};

}  // namespace tempa::inline TEMPA_ABI::cpu
