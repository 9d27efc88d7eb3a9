// Reduces the losses of a batch to one number.
#pragma once

#include <tempa/autograd/variable.hpp>

#include <cstdint>

namespace tempa::inline TEMPA_ABI {

/// What a loss function returns: the mean of all losses, their sum, or each one.
enum class Reduction : std::uint8_t { kMean, kSum, kNone };

namespace detail {
template <Real T>
Variable<T> reduce_loss(const Variable<T>& losses, Reduction reduction);
}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/loss_reduction.ipp>
#endif
