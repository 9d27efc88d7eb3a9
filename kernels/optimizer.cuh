// An optimizer's step, of one parameter and of all at once, for any rule (tempa/math/optimizer.hpp). A thread owns 16
// bytes of the weights and the same elements of all else. A step of all is three launches: the squares of the gradients
// part by part, their sum with the numbers of the step (one block), and the update. A block owns a part of 4096
// elements of one tensor, four vectors a thread. Every sum has an order that the sizes decide. Bytes moved by Adam for
// each element: 28 in float; 30 for 16 bits, 24 of them the float32 weights and moments; and the gradient once more for
// the norm.
#pragma once

#include <tempa/cuda/optimizer.hpp>

#include "kernels/device/map.cuh"

#include <cmath>
#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

/// The step of one parameter, as a body of map.cuh.
template <typename T, typename Formula>
struct ParameterStep {
  using A = Accumulator<T>;
  static constexpr int kVector = kVectorSize<A>;
  A* param;
  T* copy;
  const T* grad;
  Moments<A> moments;
  typename Formula::template Scalars<A> scalars;

  __host__ __device__ bool aligned() const {
    bool result =
        is_vector_aligned<kVector>(param) && is_vector_aligned<kVector>(copy) && is_vector_aligned<kVector>(grad);
    for (const A* const moment : moments) result = result && is_vector_aligned<kVector>(moment);
    return result;
  }

  template <int k>
  __device__ void run(Index i) const {
    update<k>(i, std::make_index_sequence<Formula::kMoments>{});
  }

  template <int k, std::size_t... m>
  __device__ void update(Index i, std::index_sequence<m...>) const {
    const Vector<T, k> gradient = load_vector<k>(grad + i);
    Vector<A, k> weights = load_weights<k>(i), x;
    Vector<A, k> state[sizeof...(m) + 1] = {load_vector<k>(moments[m] + i)...};
#pragma unroll
    for (int j = 0; j < k; ++j)
      x[j] = Formula::remember(scalars, weights[j], to_accumulator(gradient[j]), state[m][j]...);
    (store_vector<k>(moments[m] + i, state[m]), ...);
    if constexpr (Formula::kOptionalMoments > 0) {
      if (A* const optional = moments[sizeof...(m)]; optional != nullptr) {
        Vector<A, k> more = load_vector<k>(optional + i);
#pragma unroll
        for (int j = 0; j < k; ++j) x[j] = Formula::remember_also(scalars, x[j], more[j]);
        store_vector<k>(optional + i, more);
      }
    }
#pragma unroll
    for (int j = 0; j < k; ++j) {
      if constexpr (Formula::kTakesRoot) x[j] = std::sqrt(x[j]);
      weights[j] = Formula::apply(scalars, weights[j], x[j], state[m][j]...);
    }
    store_weights<k>(i, weights);
  }

  /// Weights before an update; those that something else has changed since the last one are taken over from the copy.
  template <int k>
  __device__ Vector<A, k> load_weights(Index i) const {
    Vector<A, k> weights = load_vector<k>(param + i);
    if constexpr (!Real<T>) {
      const Vector<T, k> present = load_vector<k>(copy + i);
#pragma unroll
      for (int j = 0; j < k; ++j)
        if (from_accumulator<T>(weights[j]).bits != present[j].bits) weights[j] = to_accumulator(present[j]);
    }
    return weights;
  }
  template <int k>
  __device__ void store_weights(Index i, const Vector<A, k>& weights) const {
    store_vector<k>(param + i, weights);
    if constexpr (!Real<T>) {
      Vector<T, k> rounded;
#pragma unroll
      for (int j = 0; j < k; ++j) rounded[j] = from_accumulator<T>(weights[j]);
      store_vector<k>(copy + i, rounded);
    }
  }
};

inline constexpr int kPartBlock = 256, kSumBlock = 1024;
inline constexpr Index kPart = 4096;

/// Calls `f.run<k>(i)` for the elements of a part of a tensor of n, by the threads of the block.
template <int kVector, typename F>
__device__ inline void for_each_of_part(Index part, Index n, bool aligned, const F& f) {
  const Index begin = part * kPart, end = begin + kPart < n ? begin + kPart : n;
  const Index vectors_end = aligned ? begin + (end - begin) / kVector * kVector : begin;
#pragma unroll 2
  for (Index i = begin + thread_in_block() * kVector; i < vectors_end; i += kPartBlock * kVector)
    f.template run<kVector>(i);
  for (Index i = vectors_end + thread_in_block(); i < end; i += kPartBlock) f.template run<1>(i);
}

/// @return the factor of the gradients; writes the state.
__device__ inline double begin_step(StepState& state, double squares) {
  LossScale* const scale = state.loss_scale;
  const double inverse_scale = scale != nullptr ? state.inverse_scale * (1 / scale->scale) : state.inverse_scale;
  const double norm = std::sqrt(squares) * std::abs(inverse_scale), judged = scale != nullptr ? squares : norm;
  const bool skips = judged - judged != 0 && (scale != nullptr || state.skips_nonfinite != 0);
  if (scale != nullptr) {
    state.step -= *state.skipped_steps;
    if (skips) {
      *state.skipped_steps += 1;
      scale->skipped_steps += 1;
      scale->found_nonfinite = 1;
    }
  }
  if (state.is_skipped != nullptr) *state.is_skipped = skips ? 1 : 0;
  state.norm = norm;
  state.skipped = skips ? 1 : 0;
  if (!skips) state.step += 1;
  const double clip = state.max_norm - state.max_norm == 0 ? state.max_norm / (norm + 1e-6) : 1.0;
  return clip < 1 || clip != clip ? inverse_scale * clip : inverse_scale;
}

template <typename A, typename Formula>
__global__ void __launch_bounds__(kSumBlock)
    begin_steps_kernel(StepState* state, typename Formula::template Scalars<A>* scalars,
                       const typename Formula::Group* groups, Index group_count, const double* squares, Index count) {
  double sum = 0;
#pragma unroll 8
  for (Index i = thread_in_block(); i < count; i += kSumBlock) sum += squares[i];
  sum = block_sum(sum, shared_array<double>(0, kWarpSize));
  if (thread_in_block() != 0) return;
  const double factor = begin_step(*state, sum);
  for (Index g = 0; g < group_count; ++g)
    scalars[g] = Formula::template scalars<A>(groups[g], state->step, state->step <= 1, factor);
}

template <typename T, typename Formula>
__global__ void __launch_bounds__(kPartBlock)
    steps_kernel(const UpdatedTensor<T>* tensors, const TensorPart* parts,
                 const typename Formula::template Scalars<Accumulator<T>>* scalars, const StepState* state) {
  if (state->skipped != 0) return;
  const TensorPart part = parts[blockIdx.x];
  const UpdatedTensor<T> tensor = tensors[part.tensor];
  const ParameterStep<T, Formula> step{tensor.param, tensor.copy, tensor.grad, tensor.moments, scalars[tensor.group]};
  for_each_of_part<step.kVector>(part.part, tensor.n, step.aligned(), step);
}

template <Floating T, typename Formula>
void optimizer_step(Backend backend, Accumulator<T>* param, T* copy, const Moments<Accumulator<T>>& moments,
                    const T* grad, Index n, const typename Formula::template Scalars<Accumulator<T>>& scalars) {
  map(backend, ParameterStep<T, Formula>{param, copy, grad, moments, scalars}, n);
}

template <Real A, typename Formula>
void begin_optimizer_steps(Backend backend, StepState* state, typename Formula::template Scalars<A>* scalars,
                           const typename Formula::Group* groups, Index group_count, const double* squares,
                           Index count) {
  launch<begin_steps_kernel<A, Formula>, sizeof(double) * kWarpSize>(1, kSumBlock, backend, state, scalars, groups,
                                                                     group_count, squares, count);
}

template <Floating T, typename Formula>
void optimizer_steps(Backend backend, const UpdatedTensor<T>* tensors, const TensorPart* parts, Index part_count,
                     const typename Formula::template Scalars<Accumulator<T>>* scalars, const StepState* state) {
  launch<steps_kernel<T, Formula>, 0>(blocks_for(part_count, 1), kPartBlock, backend, tensors, parts, scalars, state);
}

/// Compiles the launchers of a rule, in namespace tempa: TEMPA_OPTIMIZER(AdamFormula);
#define TEMPA_OPTIMIZER(Formula)         \
  TEMPA_OPTIMIZER_OF(float, Formula);    \
  TEMPA_OPTIMIZER_OF(double, Formula);   \
  TEMPA_OPTIMIZER_OF(float16, Formula);  \
  TEMPA_OPTIMIZER_OF(bfloat16, Formula); \
  TEMPA_BEGIN_OPTIMIZER(float, Formula); \
  TEMPA_BEGIN_OPTIMIZER(double, Formula)
#define TEMPA_OPTIMIZER_OF(T, Formula)                                                                               \
  template void cuda::optimizer_step<T, Formula>(cuda::Backend, Accumulator<T>*, T*, const Moments<Accumulator<T>>&, \
                                                 const T*, Index, const Formula::Scalars<Accumulator<T>>&);          \
  template void cuda::optimizer_steps<T, Formula>(cuda::Backend, const cuda::UpdatedTensor<T>*,                      \
                                                  const cuda::TensorPart*, Index,                                    \
                                                  const Formula::Scalars<Accumulator<T>>*, const cuda::StepState*)
#define TEMPA_BEGIN_OPTIMIZER(A, Formula)                                                                      \
  template void cuda::begin_optimizer_steps<A, Formula>(cuda::Backend, cuda::StepState*, Formula::Scalars<A>*, \
                                                        const Formula::Group*, Index, const double*, Index)

}  // namespace tempa::inline TEMPA_ABI::cuda
