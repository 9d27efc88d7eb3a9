// Functions of one element or of two, and their backward: one pass each, any formula of math/. Two operands are
// broadcast against each other. The innermost loop has both running, or one standing still: same shapes are one long
// loop, a row vector under a matrix is one loop a row.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
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

namespace detail {

/// Calls `body(i, a, b)` with the operands' values, widened, for every element i of [begin, end).
template <Floating T, typename Body>
void for_each_pair(const LoopNest<2>& nest, Index begin, Index end, const T* a, const T* b, Body body) {
  const auto [a_stride, b_stride] = nest.inner_strides();
  const bool a_runs = a_stride != 0, b_runs = b_stride != 0;
  nest.for_each_run(begin, end, [=](Index i, const LoopNest<2>::Strides& offsets, Index count) {
    const T* left = a + offsets[0];
    const T* right = b + offsets[1];
    if (a_runs && b_runs) {
      for (Index j = 0; j < count; ++j) body(i + j, widen(left[j]), widen(right[j]));
    } else if (a_runs) {
      const auto fixed = widen(*right);
      for (Index j = 0; j < count; ++j) body(i + j, widen(left[j]), fixed);
    } else {
      const auto fixed = widen(*left);
      for (Index j = 0; j < count; ++j) body(i + j, fixed, widen(right[j]));
    }
  });
}

}  // namespace detail

/// y_i = f(a_i, b_i) for n elements. @param nest how a and b run along y.
template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_forward(Backend, T* y, const T* a, const T* b, const LoopNest<2>& nest, Index n, Formula formula) {
  using A = Accumulator<T>;
  parallel_for(0, n, kElementwiseGrain, [=, &nest](Index begin, Index end) {
    detail::for_each_pair(nest, begin, end, a, b,
                          [=](Index i, A left, A right) { y[i] = narrow<T>(formula.f(left, right)); });
  });
}

/// da_i = dy_i df/da(a_i, b_i) and db_i = dy_i df/db(a_i, b_i), before any sum over what was broadcast.
/// @param da, db (n), or nullptr.
template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_backward(Backend, T* da, T* db, const T* dy, const T* a, const T* b, const LoopNest<2>& nest, Index n,
                     Formula formula) {
  using A = Accumulator<T>;
  parallel_for(0, n, kElementwiseGrain, [=, &nest](Index begin, Index end) {
    if (da != nullptr)
      detail::for_each_pair(nest, begin, end, a, b, [=](Index i, A left, A right) {
        da[i] = narrow<T>(widen(dy[i]) * formula.dfa(left, right));
      });
    if (db != nullptr)
      detail::for_each_pair(nest, begin, end, a, b, [=](Index i, A left, A right) {
        db[i] = narrow<T>(widen(dy[i]) * formula.dfb(left, right));
      });
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
