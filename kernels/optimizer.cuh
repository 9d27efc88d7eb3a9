// The rules of optimizers for a few neighbouring elements, which both the launchers for one tensor and those for all
// tensors of a model apply.
#pragma once

#include <tempa/math/optimizer.hpp>

#include "kernels/common.cuh"

#include <cmath>

namespace tempa::inline TEMPA_ABI::cuda {

/// Elements that a thread updates at once: 16 bytes of the weights.
template <typename T>
inline constexpr int kUpdateVector = kVectorSize<Accumulator<T>>;

/// The arrays of one parameter that every rule has. @see `adam_step`
template <typename T>
struct Weights {
  Accumulator<T>* param;
  T* copy;
  const T* grad;

  /// Weights before an update; those that something else has changed since the last one are taken over from the copy.
  template <int k>
  __device__ Vector<Accumulator<T>, k> load(Index i) const {
    Vector<Accumulator<T>, k> weights = load_vector<k>(param + i);
    if constexpr (!Real<T>) {
      const Vector<T, k> present = load_vector<k>(copy + i);
#pragma unroll
      for (int j = 0; j < k; ++j)
        if (from_accumulator<T>(weights[j]).bits != present[j].bits) weights[j] = to_accumulator(present[j]);
    }
    return weights;
  }
  template <int k>
  __device__ void store(Index i, const Vector<Accumulator<T>, k>& weights) const {
    store_vector<k>(param + i, weights);
    if constexpr (!Real<T>) {
      Vector<T, k> rounded;
#pragma unroll
      for (int j = 0; j < k; ++j) rounded[j] = from_accumulator<T>(weights[j]);
      store_vector<k>(copy + i, rounded);
    }
  }
};

/// @param max_v nullptr without AMSGrad. @see `adam_step`
template <int k, typename T>
__device__ inline void adam_update(const Weights<T>& weights, Accumulator<T>* m, Accumulator<T>* v,
                                   Accumulator<T>* max_v, Index i, const AdamScalars<Accumulator<T>>& s) {
  using A = Accumulator<T>;
  const Vector<T, k> grad = load_vector<k>(weights.grad + i);
  Vector<A, k> p = weights.template load<k>(i), first = load_vector<k>(m + i), second = load_vector<k>(v + i);
#pragma unroll
  for (int j = 0; j < k; ++j) {
    const A g = s.grad_factor * to_accumulator(grad[j]) + s.l2 * p[j];
    first[j] = s.beta1 * first[j] + s.rest1 * g;
    second[j] = s.beta2 * second[j] + s.rest2 * g * g;
  }
  store_vector<k>(m + i, first);
  store_vector<k>(v + i, second);
  if (max_v != nullptr) {
    const Vector<A, k> largest = load_vector<k>(max_v + i);
#pragma unroll
    for (int j = 0; j < k; ++j) second[j] = largest[j] < second[j] ? second[j] : largest[j];
    store_vector<k>(max_v + i, second);
  }
#pragma unroll
  for (int j = 0; j < k; ++j)
    p[j] = s.decay * p[j] - s.step_size * first[j] / (std::sqrt(second[j]) * s.inverse_sqrt_bias + s.eps);
  weights.template store<k>(i, p);
}

/// @param buffer nullptr without momentum. @see `sgd_step`
template <int k, typename T>
__device__ inline void sgd_update(const Weights<T>& weights, Accumulator<T>* buffer, Index i,
                                  const SGDScalars<Accumulator<T>>& s) {
  using A = Accumulator<T>;
  const Vector<T, k> grad = load_vector<k>(weights.grad + i);
  Vector<A, k> p = weights.template load<k>(i), step;
#pragma unroll
  for (int j = 0; j < k; ++j) step[j] = s.grad_factor * to_accumulator(grad[j]) + s.l2 * p[j];
  if (buffer != nullptr) {
    const A of_gradient = s.lookahead == A(0) ? A(0) : A(1), of_buffer = s.lookahead == A(0) ? A(1) : s.lookahead;
    Vector<A, k> moving = load_vector<k>(buffer + i);
#pragma unroll
    for (int j = 0; j < k; ++j) {
      moving[j] = s.momentum * moving[j] + s.rest * step[j];
      step[j] = of_gradient * step[j] + of_buffer * moving[j];
    }
    store_vector<k>(buffer + i, moving);
  }
#pragma unroll
  for (int j = 0; j < k; ++j) p[j] -= s.lr * step[j];
  weights.template store<k>(i, p);
}

}  // namespace tempa::inline TEMPA_ABI::cuda
