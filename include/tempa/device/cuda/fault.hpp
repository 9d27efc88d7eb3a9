// Reports indices out of range that a kernel found.
#pragma once

#include <tempa/device/cuda/backend.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// Called by `synchronize` and `copy_to_host` when the work of the stream is done.
/// @throws ValueError when a kernel of the device has found an index out of range since the last call, with the
///   launcher, the index, its position and its bound.
void throw_if_fault(Backend backend);

}  // namespace tempa::inline TEMPA_ABI::cuda
