// The passes over parameters and gradients that optimizers make: each reads and writes every element once.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/simd/square_root.hpp>
#include <tempa/math/optimizer.hpp>
#include <tempa/math/select.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

using tempa::AdamScalars;
using tempa::SGDScalars;

/// Elements of one block of a pass: what it reads, writes and keeps aside fits the first-level cache.
inline constexpr Index kOptimizerBlock = 512;

namespace detail {

/// Calls `f(begin, count)` on blocks of [0, n), in parallel. Where blocks begin does not depend on the number of
/// threads, and with them which elements a compiler's vectors and their remainders take: threads change no bit of the
/// results.
template <typename F>
void for_each_block(Index n, const F& f) {
  const Index blocks = (n + kOptimizerBlock - 1) / kOptimizerBlock;
  parallel_for(0, blocks, kElementwiseGrain / kOptimizerBlock, [&f, n](Index first, Index last) {
    const Index end = std::min(n, last * kOptimizerBlock);
    for (Index at = first * kOptimizerBlock; at < end; at += kOptimizerBlock)
      f(at, std::min(kOptimizerBlock, end - at));
  });
}

/// Values of `f(begin, end)` on pieces of [0, n) that do not depend on the number of threads, in order.
template <typename F>
std::vector<double> partial_results(Index n, const F& f) {
  constexpr Index kPiece = 4096;
  const Index pieces = (n + kPiece - 1) / kPiece;
  std::vector<double> results(static_cast<std::size_t>(pieces));
  parallel_for(0, pieces, 16, [&, n](Index first, Index last) {
    for (Index p = first; p < last; ++p)
      results[static_cast<std::size_t>(p)] = f(p * kPiece, std::min(n, (p + 1) * kPiece));
  });
  return results;
}

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

}  // namespace detail

/// g = grad_factor grad + l2 p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p = decay p - step_size m / (sqrt(w) inverse_sqrt_bias + eps), where w is v, or with AMSGrad max_v = max(max_v, v).
/// @param param (n) the weights; of a 16-bit parameter the float32 master weights. @param copy (n) the 16-bit
/// parameter,
///   which becomes `param` rounded, and from which `param` is taken over where something else has changed it; nullptr
///   where T is float or double.
/// @param m, v (n). @param max_v (n), or nullptr without AMSGrad. @param grad (n).
template <Floating T>
void adam_step(Backend, Accumulator<T>* param, T* copy, Accumulator<T>* m, Accumulator<T>* v, Accumulator<T>* max_v,
               const T* grad, Index n, const AdamScalars<Accumulator<T>>& scalars) {
  using A = Accumulator<T>;
  detail::for_each_block(n, [=](Index at, Index count) {
    const AdamScalars<A> s = scalars;
    A *const p_block = param + at, *const m_block = m + at, *const v_block = v + at;
    T* const copy_block = Real<T> ? nullptr : copy + at;
    A wide_grad[Real<T> ? 1 : kOptimizerBlock];
    const A* const grad_block = detail::begin_update(p_block, copy_block, wide_grad, grad + at, count);
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const A g = s.grad_factor * grad_block[i] + s.l2 * p_block[i];
      m_block[i] = s.beta1 * m_block[i] + s.rest1 * g;
      v_block[i] = s.beta2 * v_block[i] + s.rest2 * g * g;
    }
    const A* squares = v_block;
    if (max_v != nullptr) {
      A* const max_block = max_v + at;
#pragma omp simd
      for (Index i = 0; i < count; ++i) max_block[i] = max_block[i] < v_block[i] ? v_block[i] : max_block[i];
      squares = max_block;
    }
    A root[kOptimizerBlock];
    square_root(root, squares, count);
#pragma omp simd
    for (Index i = 0; i < count; ++i)
      p_block[i] = s.decay * p_block[i] - s.step_size * m_block[i] / (root[i] * s.inverse_sqrt_bias + s.eps);
    detail::end_update(copy_block, p_block, count);
  });
}

/// g = grad_factor grad + l2 p; buffer = momentum buffer + rest g; p -= lr d, where d is g without buffer, g +
/// lookahead buffer with Nesterov's momentum, else buffer.
/// @param param, copy (n) as in `adam_step`. @param buffer (n), or nullptr without momentum. @param grad (n).
template <Floating T>
void sgd_step(Backend, Accumulator<T>* param, T* copy, Accumulator<T>* buffer, const T* grad, Index n,
              const SGDScalars<Accumulator<T>>& scalars) {
  using A = Accumulator<T>;
  detail::for_each_block(n, [=](Index at, Index count) {
    const SGDScalars<A> s = scalars;
    A* const p_block = param + at;
    T* const copy_block = Real<T> ? nullptr : copy + at;
    A wide_grad[Real<T> ? 1 : kOptimizerBlock];
    const A* const grad_block = detail::begin_update(p_block, copy_block, wide_grad, grad + at, count);
    if (buffer == nullptr) {
#pragma omp simd
      for (Index i = 0; i < count; ++i) p_block[i] -= s.lr * (s.grad_factor * grad_block[i] + s.l2 * p_block[i]);
    } else {
      A* const buffer_block = buffer + at;
      const A of_gradient = s.lookahead == A(0) ? A(0) : A(1), of_buffer = s.lookahead == A(0) ? A(1) : s.lookahead;
#pragma omp simd
      for (Index i = 0; i < count; ++i) {
        const A g = s.grad_factor * grad_block[i] + s.l2 * p_block[i];
        buffer_block[i] = s.momentum * buffer_block[i] + s.rest * g;
        p_block[i] -= s.lr * (of_gradient * g + of_buffer * buffer_block[i]);
      }
    }
    detail::end_update(copy_block, p_block, count);
  });
}

/// average += weight (value - average). @param average, value (n). @param weight in [0, 1]
template <Floating T>
void average_step(Backend, Accumulator<T>* average, const T* value, Index n, Accumulator<T> weight) {
  detail::for_each_block(n, [=](Index at, Index count) {
    Accumulator<T>* const average_block = average + at;
    const T* const value_block = value + at;
    const Accumulator<T> share = weight;
#pragma omp simd
    for (Index i = 0; i < count; ++i) average_block[i] += share * (widen(value_block[i]) - average_block[i]);
  });
}

/// Exchanges the elements of two arrays. @param a, b (n)
template <Floating T>
void exchange(Backend, T* a, T* b, Index n) {
  parallel_for(0, n, kElementwiseGrain,
               [=](Index begin, Index end) { std::swap_ranges(a + begin, a + end, b + begin); });
}

/// found = 1 when an x is infinite or NaN; it is never set to 0. @param found (1). @param x (n).
template <Floating T>
void find_nonfinite(Backend, std::int32_t* found, const T* x, Index n) {
  const auto partial = detail::partial_results(n, [=](Index begin, Index end) {
    const T* const values = x;
    std::uint32_t result = 0;
#pragma omp simd reduction(| : result)
    for (Index i = begin; i < end; ++i) {
      const auto value = widen(values[i]);
      result |= value - value == 0 ? 0u : 1u;
    }
    return static_cast<double>(result);
  });
  if (std::any_of(partial.begin(), partial.end(), [](double piece) { return piece != 0; })) *found = 1;
}

/// sum_i x_i^2 in double, by pieces: the same bits for any number of threads. @param x (n)
template <Floating T>
double sum_of_squares(Backend, const T* x, Index n) {
  const auto partial = detail::partial_results(n, [=](Index begin, Index end) {
    const T* const values = x;  // not through the closure: compilers would gather
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = begin; i < end; ++i) {
      const auto value = static_cast<double>(widen(values[i]));
      sum += value * value;
    }
    return sum;
  });
  double sum = 0;
  for (const double value : partial) sum += value;
  return sum;
}

/// max_i |x_i|, 0 for no elements, NaN when one is NaN. Without its sign, the bit pattern of a larger number is the
/// larger integer, infinity's is above all numbers', and a NaN's above that. @param x (n)
template <Floating T>
double max_abs(Backend, const T* x, Index n) {
  using Bits =
      std::conditional_t<sizeof(T) == 2, std::int16_t, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>>;
  const auto partial = detail::partial_results(n, [=](Index begin, Index end) {
    const T* const values = x;
    Bits largest = 0;
#pragma omp simd reduction(max : largest)
    for (Index i = begin; i < end; ++i) {
      const auto magnitude =
          static_cast<Bits>(std::bit_cast<Bits>(values[i]) & std::numeric_limits<Bits>::max());  // without the sign
      largest = magnitude > largest ? magnitude : largest;
    }
    return static_cast<double>(widen(std::bit_cast<T>(largest)));
  });
  double largest = 0;
  for (const double value : partial) {
    if (std::isnan(value)) return value;
    largest = std::max(largest, value);
  }
  return largest;
}

TEMPA_COMPILED_FUNCTION(adam_step);
TEMPA_COMPILED_FUNCTION(sgd_step);
TEMPA_COMPILED_FUNCTION(average_step);
TEMPA_COMPILED_FUNCTION(exchange);
TEMPA_COMPILED_FUNCTION(find_nonfinite);
TEMPA_COMPILED_FUNCTION(sum_of_squares);
TEMPA_COMPILED_FUNCTION(max_abs);

}  // namespace tempa::inline TEMPA_ABI::cpu
