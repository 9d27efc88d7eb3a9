// Functions of two operands that are broadcast against each other. In the innermost loop an operand is either
// contiguous or constant: equal shapes are one long loop, a matrix and a row vector are one loop for each row.
#pragma once

#include <tempa/core/loop_nest.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/math/formula.hpp>

namespace tempa::inline TEMPA_ABI::cpu {

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
