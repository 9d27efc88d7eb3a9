// y += x, which sums the gradients of a value that is used several times, and x *= factor.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/backend.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

/// The fewest elements that are worth a thread in a loop with a few operations each.
inline constexpr Index kElementwiseGrain = 16384;

/// y_i += x_i. @param y, x (n)
template <Floating T>
void accumulate(Backend, T* y, const T* x, Index n) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = narrow<T>(widen(y[i]) + widen(x[i]));
  });
}

/// x *= factor. @param x (n)
template <Floating T>
void scale_in_place(Backend, T* x, Index n, Accumulator<T> factor) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) x[i] = narrow<T>(widen(x[i]) * factor);
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
