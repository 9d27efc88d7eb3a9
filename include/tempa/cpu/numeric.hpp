// Passes over the elements of one array that are no layer of a model: what gradients are judged by, averages,
// exchanges.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/parallel.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/backend.hpp>

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
inline constexpr Index kPassBlock = 512;

namespace detail {

/// Calls `f(begin, count)` on blocks of [0, n), in parallel. Where blocks begin does not depend on the number of
/// threads, and with them which elements a compiler's vectors and their remainders take: threads change no bit of the
/// results.
template <typename F>
void for_each_block(Index n, const F& f) {
  const Index blocks = (n + kPassBlock - 1) / kPassBlock;
  parallel_for(0, blocks, kElementwiseGrain / kPassBlock, [&f, n](Index first, Index last) {
    const Index end = std::min(n, last * kPassBlock);
    for (Index at = first * kPassBlock; at < end; at += kPassBlock) f(at, std::min(kPassBlock, end - at));
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

}  // namespace tempa::inline TEMPA_ABI::cpu
