// What an elementwise function is to every backend: a struct with `f` and `df`.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/host_device.hpp>

#include <concepts>

namespace tempa::inline TEMPA_ABI::math {

/// What the derivative is a formula of: of x, or of y = f(x), whichever is cheaper. The other one need not be kept.
enum class Derivative : bool { kOfInput, kOfOutput };

/// y = f(x) and dy/dx = df(x), or df(y) where `kDerivative` says so.
template <typename Formula, typename T>
concept UnaryFormula = requires(const Formula formula, T x) {
  { formula.f(x) } -> std::same_as<T>;
  { formula.df(x) } -> std::same_as<T>;
  { Formula::kDerivative } -> std::convertible_to<Derivative>;
};

/// y = f(a, b), dy/da = dfa(a, b), dy/db = dfb(a, b).
template <typename Formula, typename T>
concept BinaryFormula = requires(const Formula formula, T a, T b) {
  { formula.f(a, b) } -> std::same_as<T>;
  { formula.dfa(a, b) } -> std::same_as<T>;
  { formula.dfb(a, b) } -> std::same_as<T>;
};

}  // namespace tempa::inline TEMPA_ABI::math
