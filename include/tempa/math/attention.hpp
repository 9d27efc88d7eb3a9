// The random numbers of attention's dropout mask.
#pragma once

#include <tempa/core/host_device.hpp>
#include <tempa/core/shape.hpp>

namespace tempa::inline TEMPA_ABI {

/// Numbers from one query of a head to the next: whole Philox blocks. @param max_seqlen_k the longest sequence of keys,
/// or an upper bound.
TEMPA_HOST_DEVICE constexpr Index attention_mask_row(Index max_seqlen_k) { return (max_seqlen_k + 3) / 4 * 4; }

/// Random numbers that the mask of a packed batch takes from its stream: of query n of all, head h and key j of the
/// sequence it is number (n H + h) T' + j, with T' = `attention_mask_row`.
/// @param queries Nq, of all sequences together.
constexpr Index attention_random_count(Index queries, Index heads, Index max_seqlen_k) {
  return queries * heads * attention_mask_row(max_seqlen_k);
}

}  // namespace tempa::inline TEMPA_ABI
