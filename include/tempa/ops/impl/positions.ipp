// The bodies of <tempa/ops/positions.hpp>.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/cpu/tail.hpp>
#include <tempa/ops/positions.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Tensor<std::int32_t> position_ids(const Tensor<std::int32_t>& cu_seqlens, Index tokens, bool has_tail) {
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

TEMPA_INLINE Tensor<std::int32_t> arange(Index n, Device device) {
  Tensor<std::int32_t> numbers(Shape{n}, device);  // (n)
  on(device, [&](auto backend) { arange(backend, numbers.data(), n); });
  return numbers;
}

}  // namespace tempa::inline TEMPA_ABI
