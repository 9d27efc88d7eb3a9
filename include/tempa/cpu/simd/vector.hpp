// Vectors of the widest register that the compiler may use, for the few loops that it does not vectorize by itself.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/shape.hpp>

#include <cstddef>
#include <cstring>
#include <utility>

namespace tempa::inline TEMPA_ABI::cpu {

#if defined(__AVX512F__)
inline constexpr std::size_t kVectorBytes = 64;
inline constexpr int kVectorRegisters = 32;
#elif defined(__AVX__)
inline constexpr std::size_t kVectorBytes = 32;
inline constexpr int kVectorRegisters = 16;
#elif defined(__aarch64__)
inline constexpr std::size_t kVectorBytes = 16;
inline constexpr int kVectorRegisters = 32;
#else
inline constexpr std::size_t kVectorBytes = 16;
inline constexpr int kVectorRegisters = 16;
#endif

/// Whether instructions multiply a vector by a lane of another one. Compilers then load all of a tile's factors before
/// they multiply by the first, each into a separate register.
#if defined(__aarch64__)
inline constexpr bool kFactorsInLanes = true;
#else
inline constexpr bool kFactorsInLanes = false;
#endif

/// Whether the compiler may use the widest vectors of common processors. Where it may not, libraries that choose their
/// code at run time are faster.
#if defined(__x86_64__)
inline constexpr bool kWideVectors = kVectorBytes >= 32;
#else
inline constexpr bool kWideVectors = true;
#endif

/// Elements of type `T` in one vector register.
template <typename T>
inline constexpr Index kVectorWidth = static_cast<Index>(kVectorBytes / sizeof(T));

namespace detail {
template <typename T>
struct VectorOf {
  using Type [[gnu::vector_size(kVectorBytes)]] = T;
};
}  // namespace detail

/// `kVectorWidth<T>` numbers with elementwise arithmetic (the vector extension of g++ and clang++).
template <typename T>
using Vector = typename detail::VectorOf<T>::Type;

/// v = p[0 .. width), at any address.
template <typename T>
inline void load(Vector<T>& v, const T* p) {
  std::memcpy(&v, p, sizeof(v));
}

/// p[0 .. width) = v, at any address.
template <typename T>
inline void store(T* p, const Vector<T>& v) {
  std::memcpy(p, &v, sizeof(v));
}

/// The lower halves of `a` and `b` interleaved, a_0 b_0 a_1 b_1 …, and the upper ones.
template <typename T>
inline void interleave(Vector<T>& low, Vector<T>& high, const Vector<T>& a, const Vector<T>& b) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<T>);
  [&]<int... kI>(std::integer_sequence<int, kI...>) {
    const Vector<T> left = a, right = b;
    low = __builtin_shufflevector(left, right, (kI / 2 + kI % 2 * kWidth)...);
    high = __builtin_shufflevector(left, right, (kWidth / 2 + kI / 2 + kI % 2 * kWidth)...);
  }
  (std::make_integer_sequence<int, kWidth>{});
}

/// The lanes of `v` rotated by `kStep`.
template <typename T, int kStep>
inline void rotate(Vector<T>& result, const Vector<T>& v) {
  constexpr int kWidth = static_cast<int>(kVectorWidth<T>);
  [&]<int... kI>(std::integer_sequence<int, kI...>) {
    result = __builtin_shufflevector(v, v, ((kI + kStep) % kWidth)...);
  }
  (std::make_integer_sequence<int, kWidth>{});
}

/// The sum of all lanes, pair by pair.
template <typename T, int kStep = static_cast<int>(kVectorWidth<T>) / 2>
inline T sum_lanes(const Vector<T>& v) {
  if constexpr (kStep == 0) {
    return v[0];
  } else {
    Vector<T> rotated;
    rotate<T, kStep>(rotated, v);
    return sum_lanes<T, kStep / 2>(v + rotated);
  }
}

/// The largest lane.
template <typename T, int kStep = static_cast<int>(kVectorWidth<T>) / 2>
inline T max_lanes(const Vector<T>& v) {
  if constexpr (kStep == 0) {
    return v[0];
  } else {
    Vector<T> rotated;
    rotate<T, kStep>(rotated, v);
    return max_lanes<T, kStep / 2>(v > rotated ? v : rotated);
  }
}

}  // namespace tempa::inline TEMPA_ABI::cpu
