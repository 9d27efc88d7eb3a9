// The passes over parameters and gradients that optimizers make: each reads and writes every element once.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/backend.hpp>
#include <tempa/cpu/square_root.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace tempa::inline TEMPA_ABI::cpu {

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

}  // namespace detail

/// What `adam_step` needs besides arrays: computed in double for the step, then rounded once.
template <Floating T>
struct AdamScalars {
  T sign;               ///< 1, or -1 to maximize
  T l2;                 ///< weight decay added to the gradient, 0 for AdamW
  T decay;              ///< factor on the parameter before the update: 1 - lr weight_decay for AdamW, else 1
  T beta1, rest1;       ///< beta1, 1 - beta1
  T beta2, rest2;       ///< beta2, 1 - beta2
  T step_size;          ///< lr / (1 - beta1^t)
  T inverse_sqrt_bias;  ///< 1 / sqrt(1 - beta2^t)
  T eps;
};

/// g = sign grad + l2 p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p = decay p - step_size m / (sqrt(w) inverse_sqrt_bias + eps), where w is v, or with AMSGrad max_v = max(max_v, v).
/// @param param, m, v (n). @param max_v (n), or nullptr without AMSGrad. @param grad (n).
template <Floating T>
void adam_step(Backend, T* param, T* m, T* v, T* max_v, const T* grad, Index n, const AdamScalars<T>& scalars) {
  detail::for_each_block(n, [=](Index at, Index count) {
    const AdamScalars<T> s = scalars;
    T *const p_block = param + at, *const m_block = m + at, *const v_block = v + at;
    const T* const grad_block = grad + at;
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const T g = s.sign * grad_block[i] + s.l2 * p_block[i];
      m_block[i] = s.beta1 * m_block[i] + s.rest1 * g;
      v_block[i] = s.beta2 * v_block[i] + s.rest2 * g * g;
    }
    const T* squares = v_block;
    if (max_v != nullptr) {
      T* const max_block = max_v + at;
#pragma omp simd
      for (Index i = 0; i < count; ++i) max_block[i] = max_block[i] < v_block[i] ? v_block[i] : max_block[i];
      squares = max_block;
    }
    T root[kOptimizerBlock];
    square_root(root, squares, count);
#pragma omp simd
    for (Index i = 0; i < count; ++i)
      p_block[i] = s.decay * p_block[i] - s.step_size * m_block[i] / (root[i] * s.inverse_sqrt_bias + s.eps);
  });
}

/// What `sgd_step` needs besides arrays.
template <Floating T>
struct SGDScalars {
  T sign;       ///< 1, or -1 to maximize
  T l2;         ///< weight decay added to the gradient
  T momentum;   ///< factor on the buffer, 0 in a parameter's first step
  T rest;       ///< factor on the gradient: 1 - dampening, 1 in a parameter's first step
  T lookahead;  ///< the momentum with Nesterov's, else 0
  T lr;
};

/// g = sign grad + l2 p; buffer = momentum buffer + rest g; p -= lr d, where d is g without buffer, g + lookahead
/// buffer with Nesterov's momentum, else buffer.
/// @param param (n). @param buffer (n), or nullptr without momentum. @param grad (n).
template <Floating T>
void sgd_step(Backend, T* param, T* buffer, const T* grad, Index n, const SGDScalars<T>& scalars) {
  detail::for_each_block(n, [=](Index at, Index count) {
    const SGDScalars<T> s = scalars;
    T* const p_block = param + at;
    const T* const grad_block = grad + at;
    if (buffer == nullptr) {
#pragma omp simd
      for (Index i = 0; i < count; ++i) p_block[i] -= s.lr * (s.sign * grad_block[i] + s.l2 * p_block[i]);
      return;
    }
    T* const buffer_block = buffer + at;
    const T of_gradient = s.lookahead == T(0) ? T(0) : T(1), of_buffer = s.lookahead == T(0) ? T(1) : s.lookahead;
#pragma omp simd
    for (Index i = 0; i < count; ++i) {
      const T g = s.sign * grad_block[i] + s.l2 * p_block[i];
      buffer_block[i] = s.momentum * buffer_block[i] + s.rest * g;
      p_block[i] -= s.lr * (of_gradient * g + of_buffer * buffer_block[i]);
    }
  });
}

/// average += weight (value - average). @param average, value (n). @param weight in [0, 1]
template <Floating T>
void average_step(Backend, T* average, const T* value, Index n, T weight) {
  detail::for_each_block(n, [=](Index at, Index count) {
    T* const average_block = average + at;
    const T* const value_block = value + at;
    const T share = weight;
#pragma omp simd
    for (Index i = 0; i < count; ++i) average_block[i] += share * (value_block[i] - average_block[i]);
  });
}

/// Exchanges the elements of two arrays. @param a, b (n)
template <Floating T>
void exchange(Backend, T* a, T* b, Index n) {
  parallel_for(0, n, kElementwiseGrain,
               [=](Index begin, Index end) { std::swap_ranges(a + begin, a + end, b + begin); });
}

/// x *= factor. @param x (n)
template <Floating T>
void scale_in_place(Backend, T* x, Index n, T factor) {
  parallel_for(0, n, kElementwiseGrain, [=](Index begin, Index end) {
    for (Index i = begin; i < end; ++i) x[i] *= factor;
  });
}

/// sum_i x_i^2 in double, by pieces: the same bits for any number of threads. @param x (n)
template <Floating T>
double sum_of_squares(Backend, const T* x, Index n) {
  const auto partial = detail::partial_results(n, [=](Index begin, Index end) {
    const T* const values = x;  // not through the closure: compilers would gather
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = begin; i < end; ++i) sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
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
  using Bits = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  const auto partial = detail::partial_results(n, [=](Index begin, Index end) {
    const T* const values = x;
    Bits largest = 0;
#pragma omp simd reduction(max : largest)
    for (Index i = begin; i < end; ++i) {
      const Bits magnitude = std::bit_cast<Bits>(values[i]) & std::numeric_limits<Bits>::max();
      largest = magnitude > largest ? magnitude : largest;
    }
    return static_cast<double>(std::bit_cast<T>(largest));
  });
  double largest = 0;
  for (const double value : partial) {
    if (std::isnan(value)) return value;
    largest = std::max(largest, value);
  }
  return largest;
}

}  // namespace tempa::inline TEMPA_ABI::cpu
