// Functions of two numbers and both derivatives.
#pragma once

#include <tempa/math/formula.hpp>
#include <tempa/math/select.hpp>

namespace tempa::inline TEMPA_ABI::math {

/// a + b
struct Add {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return a + b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T, T) {
    return T(1);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T, T) {
    return T(1);
  }
};

/// a - b
struct Subtract {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return a - b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T, T) {
    return T(1);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T, T) {
    return T(-1);
  }
};

/// a b
struct Multiply {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return a * b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T, T b) {
    return b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T a, T) {
    return a;
  }
};

/// a / b
struct Divide {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return a / b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T, T b) {
    return T(1) / b;
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T a, T b) {
    return -(a / b) / b;
  }
};

/// The larger of two, NaN if one is; where they are equal each gets half of the gradient.
struct Maximum {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return select(a > b, a, select(a <= b, b, a + b));
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T a, T b) {
    return select(a == b, T(0.5), select(a > b, T(1), T(0)));
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T a, T b) {
    return dfa(b, a);
  }
};

/// The smaller of two, NaN if one is; where they are equal each gets half of the gradient.
struct Minimum {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T a, T b) {
    return select(a < b, a, select(a >= b, b, a + b));
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T a, T b) {
    return select(a == b, T(0.5), select(a < b, T(1), T(0)));
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T a, T b) {
    return dfa(b, a);
  }
};

}  // namespace tempa::inline TEMPA_ABI::math
