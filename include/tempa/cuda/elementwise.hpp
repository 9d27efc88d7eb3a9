// Launchers of kernels/elementwise.cuh, instantiated for the formulas of math/ that the library uses. A program's own
// formula needs a .cu of the program with `#include <kernels/elementwise.cuh>` and `TEMPA_UNARY_KERNELS(float, Mine);`.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/device/cuda/backend.hpp>
#include <tempa/math/formula.hpp>

namespace tempa::inline TEMPA_ABI::cuda {

/// y_i = f(x_i). @param y, x (n).
template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_forward(Backend backend, T* y, const T* x, Index n, Formula formula);

/// dx_i = dy_i df(saved_i). @param dx, dy (n). @param saved (n) x or y, as the formula's `kDerivative` says.
template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_backward(Backend backend, T* dx, const T* dy, const T* saved, Index n, Formula formula);

/// y_i = f(a_i, b_i) for n elements. @param nest how a and b run along y.
template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_forward(Backend backend, T* y, const T* a, const T* b, const LoopNest<2>& nest, Index n, Formula formula);

/// da_i = dy_i df/da(a_i, b_i) and db_i = dy_i df/db(a_i, b_i), before any sum over what was broadcast.
/// @param da, db (n), or nullptr.
template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_backward(Backend backend, T* da, T* db, const T* dy, const T* a, const T* b, const LoopNest<2>& nest,
                     Index n, Formula formula);

}  // namespace tempa::inline TEMPA_ABI::cuda
