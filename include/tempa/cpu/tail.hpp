// The tail of a packed batch: rows after its last sequence, which only fill it up to a fixed size.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>
#include <tempa/cpu/backend.hpp>

#include <algorithm>
#include <cstdint>

namespace tempa::inline TEMPA_ABI::cpu {

/// x_i = 0 for the rows after the last sequence. @param x (rows,cols). @param cu_seqlens (batch+1).
template <Element T>
void clear_tail(Backend, T* x, const std::int32_t* cu_seqlens, Index batch, Index rows, Index cols) {
  const Index tokens = std::min<Index>(cu_seqlens[batch], rows);
  std::fill_n(x + tokens * cols, (rows - tokens) * cols, T{});
}

}  // namespace tempa::inline TEMPA_ABI::cpu
