// Adam's rule, with weight decay in the gradient (Adam) or apart from it (AdamW).
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/host_device.hpp>

#include <cmath>

namespace tempa::inline TEMPA_ABI {

/// What Adam's rule reads of a group's options. @see `AdamOptions`
struct AdamGroup {
  double lr, beta1, beta2, eps, weight_decay;
  bool decoupled;  ///< AdamW: the decay is apart from the gradient
  bool maximize;
};

/// g = grad_factor grad + l2 p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p = decay p - step_size m / (sqrt(w) inverse_sqrt_bias + eps), where w is v, or with AMSGrad max_v = max(max_v, v).
/// @see tempa/math/optimizer.hpp
struct AdamFormula {
  using Group = AdamGroup;
  static constexpr int kMoments = 2, kOptionalMoments = 1;  // m, v; with AMSGrad max_v
  static constexpr bool kTakesRoot = true;

  template <Real A>
  struct Scalars {
    A grad_factor;        ///< on the gradient: negative to maximize
    A l2;                 ///< weight decay added to the gradient, 0 for AdamW
    A decay;              ///< factor on the parameter before the update: 1 - lr weight_decay for AdamW, else 1
    A beta1, rest1;       ///< beta1, 1 - beta1
    A beta2, rest2;       ///< beta2, 1 - beta2
    A step_size;          ///< lr / (1 - beta1^t)
    A inverse_sqrt_bias;  ///< 1 / sqrt(1 - beta2^t)
    A eps;
  };

  template <Real A>
  TEMPA_HOST_DEVICE static Scalars<A> scalars(const Group& group, double step, bool /*is_first*/, double grad_factor) {
    return {
        .grad_factor = static_cast<A>(group.maximize ? -grad_factor : grad_factor),
        .l2 = static_cast<A>(group.decoupled ? 0 : group.weight_decay),
        .decay = static_cast<A>(group.decoupled ? 1 - group.lr * group.weight_decay : 1),
        .beta1 = static_cast<A>(group.beta1),
        .rest1 = static_cast<A>(1 - group.beta1),
        .beta2 = static_cast<A>(group.beta2),
        .rest2 = static_cast<A>(1 - group.beta2),
        .step_size = static_cast<A>(group.lr / (1 - std::pow(group.beta1, step))),
        .inverse_sqrt_bias = static_cast<A>(1 / std::sqrt(1 - std::pow(group.beta2, step))),
        .eps = static_cast<A>(group.eps),
    };
  }

  template <Real A>
  TEMPA_HOST_DEVICE static A remember(const Scalars<A>& s, A p, A grad, A& m, A& v) {
    const A g = s.grad_factor * grad + s.l2 * p;
    m = s.beta1 * m + s.rest1 * g;
    v = s.beta2 * v + s.rest2 * g * g;
    return v;
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A remember_also(const Scalars<A>&, A v, A& max_v) {
    max_v = max_v < v ? v : max_v;
    return max_v;
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A apply(const Scalars<A>& s, A p, A root, A m, A /*v*/) {
    return s.decay * p - s.step_size * m / (root * s.inverse_sqrt_bias + s.eps);
  }
};

}  // namespace tempa::inline TEMPA_ABI
