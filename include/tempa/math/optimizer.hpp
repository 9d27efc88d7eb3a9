// The numbers of an optimizer's step, for the CPU and the GPU.
#pragma once

#include <tempa/core/dtype.hpp>

namespace tempa::inline TEMPA_ABI {

/// What `adam_step` needs besides arrays: computed in double for the step, then rounded once.
template <Real T>
struct AdamScalars {
  T grad_factor;        ///< on the gradient: 1 unless it is scaled, negative to maximize
  T l2;                 ///< weight decay added to the gradient, 0 for AdamW
  T decay;              ///< factor on the parameter before the update: 1 - lr weight_decay for AdamW, else 1
  T beta1, rest1;       ///< beta1, 1 - beta1
  T beta2, rest2;       ///< beta2, 1 - beta2
  T step_size;          ///< lr / (1 - beta1^t)
  T inverse_sqrt_bias;  ///< 1 / sqrt(1 - beta2^t)
  T eps;
};

/// What `sgd_step` needs besides arrays.
template <Real T>
struct SGDScalars {
  T grad_factor;  ///< on the gradient: 1 unless it is scaled, negative to maximize
  T l2;           ///< weight decay added to the gradient
  T momentum;     ///< factor on the buffer, 0 in a parameter's first step
  T rest;         ///< factor on the gradient: 1 - dampening, 1 in a parameter's first step
  T lookahead;    ///< the momentum with Nesterov's, else 0
  T lr;
};

}  // namespace tempa::inline TEMPA_ABI
