// The bodies of <tempa/ops/loss_reduction.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/loss_reduction.hpp>
#include <tempa/ops/reduction.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

template <Real T>
Variable<T> reduce_loss(const Variable<T>& losses, Reduction reduction) {
  if (reduction == Reduction::kNone) return losses;
  return reduction == Reduction::kSum ? sum(losses) : mean(losses);
}

}  // namespace detail

TEMPA_INSTANTIATE_REAL_FUNCTION(detail::reduce_loss);

}  // namespace tempa::inline TEMPA_ABI
