// Positions of the tokens in packed sequences, and 0, 1, 2, …
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/positions.hpp>
#include <tempa/cpu/tail.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// Position of every token in its sequence: 0, 1, … starting anew at each of `cu_seqlens`.
/// @param cu_seqlens (B+1) cumulative lengths from 0 to N. @param tokens N.
/// @param has_tail whether cu_seqlens may end before N: the tokens after it have position 0.
/// @return (N), on the same device
/// @throws ShapeError when the last of `cu_seqlens` is not N, or above it, and the host may read it.
inline Tensor<std::int32_t> position_ids(const Tensor<std::int32_t>& cu_seqlens, Index tokens, bool has_tail = false) {
  const Index batch = cu_seqlens.numel() - 1;
  const auto fits = [&](Index end) { return has_tail ? end <= tokens : end == tokens; };
  if (batch < 0 || (cu_seqlens.device().is_cpu() && !fits(cu_seqlens.data()[batch])))
    throw ShapeError(concat("[position_ids] cu_seqlens must end with the ", tokens, " packed tokens but ",
                            batch < 0 ? "is empty" : concat("ends with ", cu_seqlens.data()[batch])));
  Tensor<std::int32_t> positions(Shape{tokens}, cu_seqlens.device());  // (N)
  on(cu_seqlens.device(), [&](auto backend) {
    sequence_positions(backend, positions.data(), cu_seqlens.data(), batch);
    if (has_tail) clear_tail(backend, positions.data(), cu_seqlens.data(), batch, tokens, Index{1});
  });
  return positions;
}

/// 0, 1, … n - 1. @return (n)
/// @source torch.arange
inline Tensor<std::int32_t> arange(Index n, Device device = Device::cpu()) {
  Tensor<std::int32_t> numbers(Shape{n}, device);  // (n)
  on(device, [&](auto backend) { arange(backend, numbers.data(), n); });
  return numbers;
}

}  // namespace tempa::inline TEMPA_ABI
