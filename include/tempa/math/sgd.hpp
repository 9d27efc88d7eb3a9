// The rule of stochastic gradient descent.
#pragma once

#include <tempa/core/dtype.hpp>
#include <tempa/core/host_device.hpp>

namespace tempa::inline TEMPA_ABI {

/// What the rule reads of a group's options. @see `SGDOptions`
struct SGDGroup {
  double lr, momentum, dampening, weight_decay;
  bool nesterov, maximize;
};

/// g = grad_factor grad + l2 p; buffer = momentum buffer + rest g; p -= lr d, where d is g without a buffer, g +
/// momentum buffer with Nesterov's momentum, else buffer.
/// @see tempa/math/optimizer.hpp
struct SGDFormula {
  using Group = SGDGroup;
  static constexpr int kMoments = 0, kOptionalMoments = 1;  // with momentum the buffer
  static constexpr bool kTakesRoot = false;

  template <Real A>
  struct Scalars {
    A grad_factor;             ///< on the gradient: negative to maximize
    A l2;                      ///< weight decay added to the gradient
    A momentum;                ///< factor on the buffer, 0 in the step that begins it
    A rest;                    ///< factor on the gradient: 1 - dampening, 1 in that step
    A of_gradient, of_buffer;  ///< what d is made of
    A lr;
  };

  template <Real A>
  TEMPA_HOST_DEVICE static Scalars<A> scalars(const Group& group, double /*step*/, bool is_first, double grad_factor) {
    return {
        .grad_factor = static_cast<A>(group.maximize ? -grad_factor : grad_factor),
        .l2 = static_cast<A>(group.weight_decay),
        .momentum = static_cast<A>(is_first ? 0 : group.momentum),
        .rest = static_cast<A>(is_first ? 1 : 1 - group.dampening),
        .of_gradient = static_cast<A>(group.nesterov ? 1 : 0),
        .of_buffer = static_cast<A>(group.nesterov ? group.momentum : 1),
        .lr = static_cast<A>(group.lr),
    };
  }

  template <Real A>
  TEMPA_HOST_DEVICE static A remember(const Scalars<A>& s, A p, A grad) {
    return s.grad_factor * grad + s.l2 * p;
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A remember_also(const Scalars<A>& s, A g, A& buffer) {
    buffer = s.momentum * buffer + s.rest * g;
    return s.of_gradient * g + s.of_buffer * buffer;
  }
  template <Real A>
  TEMPA_HOST_DEVICE static A apply(const Scalars<A>& s, A p, A d) {
    return p - s.lr * d;
  }
};

}  // namespace tempa::inline TEMPA_ABI
