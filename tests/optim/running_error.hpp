// Running error analysis: a number that knows how far rounding in precision T may have taken it from the exact one.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

/// The exact value (computed in double), and a bound on the error of the same computation in T: every operation passes
/// on the errors of its operands and adds one rounding of its result.
/// Source: Higham, "Accuracy and Stability of Numerical Algorithms", section 3.3.
template <typename T>
struct RunningError {
  static constexpr double kUnit = std::numeric_limits<T>::epsilon() / 2.0;

  double value = 0;
  double error = 0;

  RunningError() = default;
  /// A constant that is rounded to T once.
  RunningError(double exact) : value(exact), error(kUnit * std::abs(exact)) {}  // NOLINT(google-explicit-constructor)
  RunningError(double result, double propagated) : value(result), error(propagated + kUnit * std::abs(result)) {}

  friend RunningError operator+(RunningError a, RunningError b) { return {a.value + b.value, a.error + b.error}; }
  friend RunningError operator-(RunningError a, RunningError b) { return {a.value - b.value, a.error + b.error}; }
  friend RunningError operator*(RunningError a, RunningError b) {
    return {a.value * b.value, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error};
  }
  friend RunningError operator/(RunningError a, RunningError b) {
    const double quotient = a.value / b.value;
    return {quotient, (a.error + std::abs(quotient) * b.error) / (std::abs(b.value) - b.error)};
  }
  friend RunningError sqrt(RunningError a) {
    const double root = std::sqrt(a.value), lowest = std::sqrt(std::max(0.0, a.value - a.error));
    return {root, a.error == 0 ? 0 : a.value == 0 ? std::sqrt(a.error) : a.error / (root + lowest)};
  }
  friend RunningError max(RunningError a, RunningError b) {
    RunningError larger = a.value < b.value ? b : a;
    larger.error = std::max(a.error, b.error);
    return larger;
  }
};
