// Launchers of kernels/positions.cu.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/device/cuda/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_n = n - cu_seqlens_b for every token n of sequence b. @param y (N). @param cu_seqlens (batch+1).
void sequence_positions(Backend backend, std::int32_t* y, const std::int32_t* cu_seqlens, Index batch);

/// y_i = i. @param y (n).
void arange(Backend backend, std::int32_t* y, Index n);

}  // namespace tempa::inline TEMPA_ABI::cuda
