// An optimizer's step of one parameter: a pass that reads and writes every element once.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/numeric.hpp>
#include <tempa/cpu/simd/square_root.hpp>
#include <tempa/math/optimizer.hpp>
#include <tempa/math/select.hpp>

#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::cpu {

namespace detail {

/// Before an update: the gradient in the type that is computed in, and weights that something else has changed since
/// the last step (a checkpoint was loaded) taken over from their 16-bit copy. @return the widened gradient
/// @param wide_grad (count), not used where T needs no widening.
template <Floating T>
const Accumulator<T>* begin_update(Accumulator<T>* weights, const T* copy, Accumulator<T>* wide_grad, const T* grad,
                                   Index count) {
  if constexpr (Real<T>) {
    return grad;
  } else {
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const bool is_mine = narrow<T>(weights[i]).bits == copy[i].bits;
      weights[i] = math::select(is_mine, weights[i], widen(copy[i]));
      wide_grad[i] = widen(grad[i]);
    }
    return wide_grad;
  }
}

/// After an update: the 16-bit copy.
template <Floating T>
void end_update(T* copy, const Accumulator<T>* weights, Index count) {
  if constexpr (!Real<T>) {
#pragma omp simd
    for (Index i = 0; i < count; ++i) copy[i] = narrow<T>(weights[i]);
  }
}

/// The step of a block's elements. @param optional (count), or nullptr where it is not in use.
/// @param moments (count) each
template <Floating T, typename Formula, typename... Moment>
void update_block(Accumulator<T>* param, T* copy, const T* grad, Index count,
                  const typename Formula::template Scalars<Accumulator<T>>& scalars, Accumulator<T>* optional,
                  Moment*... moments) {
  using A = Accumulator<T>;
  const auto s = scalars;
  A wide_grad[Real<T> ? 1 : kPassBlock];
  const A* const gradient = begin_update(param, copy, wide_grad, grad, count);
  if constexpr (Formula::kTakesRoot) {
    A x[kPassBlock];
#pragma omp simd
    for (Index i = 0; i < count; ++i) x[i] = Formula::remember(s, param[i], gradient[i], moments[i]...);
    if constexpr (Formula::kOptionalMoments > 0) {
      if (optional != nullptr) {
#pragma omp simd
        for (Index i = 0; i < count; ++i) x[i] = Formula::remember_also(s, x[i], optional[i]);
      }
    }
    square_root(x, x, count);
#pragma omp simd
    for (Index i = 0; i < count; ++i) param[i] = Formula::apply(s, param[i], x[i], moments[i]...);
  } else if (optional == nullptr) {
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const A x = Formula::remember(s, param[i], gradient[i], moments[i]...);
      param[i] = Formula::apply(s, param[i], x, moments[i]...);
    }
  } else if constexpr (Formula::kOptionalMoments > 0) {
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const A x = Formula::remember(s, param[i], gradient[i], moments[i]...);
      param[i] = Formula::apply(s, param[i], Formula::remember_also(s, x, optional[i]), moments[i]...);
    }
  }
  end_update(copy, param, count);
}

}  // namespace detail

/// A step of the rule `Formula`, e.g. `AdamFormula`: moments and weights of every element.
/// @param param (n) the weights; of a 16-bit parameter the float32 master weights.
/// @param copy (n) the 16-bit parameter, which becomes `param` rounded, and from which `param` is taken over where
///   something else has changed it; nullptr where T is float or double.
/// @param moments (n) each, or nullptr for one that is not in use. @param grad (n).
template <Floating T, typename Formula>
void optimizer_step(Backend, Accumulator<T>* param, T* copy, const Moments<Accumulator<T>>& moments, const T* grad,
                    Index n, const typename Formula::template Scalars<Accumulator<T>>& scalars) {
  static_assert(Formula::kMoments + Formula::kOptionalMoments <= kMostMoments);
  detail::for_each_block(n, [&](Index at, Index count) {
    const auto from = [at](auto* array) { return array == nullptr ? nullptr : array + at; };
    Accumulator<T>* optional = nullptr;
    if constexpr (Formula::kOptionalMoments > 0) optional = from(moments[Formula::kMoments]);
    [&]<std::size_t... m>(std::index_sequence<m...>) {
      detail::update_block<T, Formula>(param + at, from(copy), grad + at, count, scalars, optional, moments[m] + at...);
    }
    (std::make_index_sequence<Formula::kMoments>{});
  });
}

}  // namespace tempa::inline TEMPA_ABI::cpu
