// Positions of the tokens in packed sequences.
#pragma once

#include <tempa/core/shape.hpp>
#include <tempa/cpu/backend.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_n = n - cu_seqlens_b for every token n of sequence b. @param y (N). @param cu_seqlens (batch+1).
inline void sequence_positions(Backend, std::int32_t* y, const std::int32_t* cu_seqlens, Index batch) {
  for (Index b = 0; b < batch; ++b)
    for (std::int32_t n = cu_seqlens[b]; n < cu_seqlens[b + 1]; ++n) y[n] = n - cu_seqlens[b];
}

/// y_i = i. @param y (n).
inline void arange(Backend, std::int32_t* y, Index n) {
  for (Index i = 0; i < n; ++i) y[i] = static_cast<std::int32_t>(i);
}

}  // namespace tempa::inline TEMPA_ABI::cpu
