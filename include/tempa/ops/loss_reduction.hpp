// Reduces the losses of a batch to one number.
#pragma once

#include <tempa/core/detail/compiled.hpp>
#include <tempa/ops/reduction.hpp>

namespace tempa::inline TEMPA_ABI {

/// What a loss function returns: the mean of all losses, their sum, or each one.
enum class Reduction : std::uint8_t { kMean, kSum, kNone };

namespace detail {
template <Real T>
Variable<T> reduce_loss(const Variable<T>& losses, Reduction reduction) {
  if (reduction == Reduction::kNone) return losses;
  return reduction == Reduction::kSum ? sum(losses) : mean(losses);
}
}  // namespace detail

TEMPA_COMPILED_REAL_FUNCTION(detail::reduce_loss);

}  // namespace tempa::inline TEMPA_ABI
