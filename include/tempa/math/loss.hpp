// Losses of one prediction and one target.
#pragma once

#include <tempa/math/activation.hpp>

namespace tempa::inline TEMPA_ABI::math {

/// -p t log s(x) - (1 - t) log(1 - s(x)), s the sigmoid, p the weight of positive targets, which is 1 without a
/// `factor` = 1 + (p - 1) t: factor log(1 + e^-x) + (1 - t) x.
struct BceWithLogits {
  template <Real T>
  TEMPA_HOST_DEVICE static T f(T x, T t, T factor = T(1)) {
    return factor * Softplus::f(-x) + (T(1) - t) * x;
  }
  /// (1 - t) - factor s(-x); s(x) - t without a factor.
  template <Real T>
  TEMPA_HOST_DEVICE static T dfa(T x, T t, T factor = T(1)) {
    return (T(1) - t) - factor * sigmoid(-x);
  }
  /// Without a factor.
  template <Real T>
  TEMPA_HOST_DEVICE static T dfb(T x, T) {
    return -x;
  }
};

}  // namespace tempa::inline TEMPA_ABI::math
