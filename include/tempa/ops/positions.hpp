// Positions of the tokens in packed sequences, and 0, 1, 2, …
#pragma once

#include <tempa/cpu/positions.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// Position of every token in its sequence: 0, 1, … starting anew at each of `cu_seqlens`.
/// @param cu_seqlens (B+1) cumulative lengths from 0 to N. @param tokens N.
/// @param has_tail whether cu_seqlens may end before N: the tokens after it have position 0.
/// @return (N), on the same device
/// @throws ShapeError when the last of `cu_seqlens` is not N, or above it, and the host may read it.
Tensor<std::int32_t> position_ids(const Tensor<std::int32_t>& cu_seqlens, Index tokens, bool has_tail = false);

/// 0, 1, … n - 1. @return (n)
/// @source torch.arange
Tensor<std::int32_t> arange(Index n, Device device = Device::cpu());

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/positions.ipp>
#endif
