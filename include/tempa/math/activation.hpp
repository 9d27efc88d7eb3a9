// Activation functions and their derivatives.
#pragma once

#include <tempa/math/exp.hpp>
#include <tempa/math/formula.hpp>
#include <tempa/math/log.hpp>

namespace tempa::inline TEMPA_ABI::math {

/// max(x, 0); its derivative at 0 is 0.
struct Relu {
  static constexpr Derivative kDerivative = Derivative::kOfOutput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return select(x < T(0), T(0), x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T y) {
    return select(y > T(0), T(1), T(0));
  }
};

/// x, or slope x below 0.
template <Real U>
struct LeakyRelu {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  U slope;
  TEMPA_HOST_DEVICE U f(U x) const { return select(x < U(0), slope * x, x); }
  TEMPA_HOST_DEVICE U df(U x) const { return select(x > U(0), U(1), slope); }
};

/// tanh x
struct Tanh {
  static constexpr Derivative kDerivative = Derivative::kOfOutput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return tanh(x);
  }
  /// 1 - y^2
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T y) {
    return (T(1) - y) * (T(1) + y);
  }
};

/// 1 / (1 + e^-x)
struct Sigmoid {
  static constexpr Derivative kDerivative = Derivative::kOfOutput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return sigmoid(x);
  }
  /// y (1 - y)
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T y) {
    return y * (T(1) - y);
  }
};

/// x sigmoid(x)
struct Silu {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  /// Beyond this the sigmoid, times x too, is 0 even in double; -infinity times that zero must not become NaN.
  static constexpr double kFar = 800;

  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return select(x < T(-kFar), T(-kFar), x) * sigmoid(x);
  }
  /// s (1 + x (1 - s)), s = sigmoid(x)
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    const T a = clamp(x, T(-kFar), T(kFar)), s = sigmoid(a);
    return s * (T(1) + a * sigmoid(-a));
  }
};

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)
struct Softplus {
  static constexpr Derivative kDerivative = Derivative::kOfInput;
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x) {
    return select(x < T(0), T(0), x) + log1p_unit(exp(-magnitude(x)));
  }
  /// sigmoid(x)
  template <Real T>
  TEMPA_HOST_DEVICE static T df(T x) {
    return sigmoid(x);
  }
};

}  // namespace tempa::inline TEMPA_ABI::math
