// The rule of an optimizer that the library does not have; lion_kernels.cu is its kernels.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/host_device.hpp>

namespace tempa::inline TEMPA_ABI::test {

/// What Lion reads of a group's options.
struct LionGroup {
  double lr, beta1, beta2, weight_decay;
};

/// x = sign(beta1 m + (1 - beta1) g); m = beta2 m + (1 - beta2) g; p = (1 - lr weight_decay) p - lr x.
/// @source Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023
struct LionFormula {
  using Group = LionGroup;
  static constexpr int kMoments = 1, kOptionalMoments = 0;
  static constexpr bool kTakesRoot = false;

  template <Real A>
  struct Scalars {
    A grad_factor, beta1, rest1, beta2, rest2, decay, lr;
  };
  template <Real A>
  TEMPA_HOST_DEVICE static Scalars<A> scalars(const Group& o, double /*step*/, bool /*is_first*/, double grad_factor) {
    return {static_cast<A>(grad_factor), static_cast<A>(o.beta1),     static_cast<A>(1 - o.beta1),
            static_cast<A>(o.beta2),     static_cast<A>(1 - o.beta2), static_cast<A>(1 - o.lr * o.weight_decay),
            static_cast<A>(o.lr)};
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A remember(const Scalars<A>& s, A /*p*/, A grad, A& m) {
    const A g = s.grad_factor * grad, c = s.beta1 * m + s.rest1 * g;
    m = s.beta2 * m + s.rest2 * g;
    return static_cast<A>(c > 0) - static_cast<A>(c < 0);
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A apply(const Scalars<A>& s, A p, A sign, A /*m*/) {
    return s.decay * p - s.lr * sign;
  }
};

}  // namespace tempa::inline TEMPA_ABI::test
