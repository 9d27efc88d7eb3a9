// Applies any formula of math/ to each element, forward and backward, in one pass each.
#pragma once

#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/math/formula.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

/// y_i = f(x_i). @param y, x (n).
template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_forward(Backend, T* y, const T* x, Index n, Formula formula) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) y[i] = narrow<T>(formula.f(widen(x[i])));
  });
}

/// dx_i = dy_i df(saved_i). @param dx, dy (n). @param saved (n) x or y, as the formula's `kDerivative` says.
template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_backward(Backend, T* dx, const T* dy, const T* saved, Index n, Formula formula) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) dx[i] = narrow<T>(widen(dy[i]) * formula.df(widen(saved[i])));
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
