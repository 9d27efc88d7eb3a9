// Losses of one prediction and one target.
#pragma once

#include <tempa/math/activation.hpp>

namespace tempa::inline TEMPA_ABI::math {

/// -t log s(x) - (1 - t) log(1 - s(x)), s the sigmoid: log(1 + e^-x) + (1 - t) x.
struct BceWithLogits {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x, T t) {
    return Softplus::f(-x) + (T(1) - t) * x;
  }
  /// s(x) - t
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T x, T t) {
    return (T(1) - t) - sigmoid(-x);
  }
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T x, T) {
    return -x;
  }
};

}  // namespace tempa::inline TEMPA_ABI::math
