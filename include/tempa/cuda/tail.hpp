// Launcher of kernels/tail.cu.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// x_i = 0 for the rows after the last sequence. @param x (rows,cols). @param cu_seqlens (batch+1).
template <Element T>
void clear_tail(Backend backend, T* x, const std::int32_t* cu_seqlens, Index batch, Index rows, Index cols);

}  // namespace tempa::inline TEMPA_ABI::cuda
