// An optimizer's step for all tensors in three launches: the squares of the gradients part by part, their sum with the
// numbers of the step (one block), and the update. A block owns a part of 4096 elements of one tensor, a thread 16
// bytes of its weights at a time, four times. Every sum has an order that the sizes decide. Bytes moved by Adam for
// each element: 28 in float and 30 for 16 bits, as in optimizer.cu, and the gradient once more for the norm.
#include <tempa/cuda/multi_tensor.hpp>

#include "kernels/optimizer.cuh"

#include <algorithm>
#include <cmath>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

constexpr int kBlock = 256, kSumBlock = 1024;
constexpr Index kPart = 4096;

/// Calls `f.run<k>(i)` for the elements of a part of a tensor of n, by the threads of the block.
template <int kVector, typename F>
__device__ inline void for_each_of_part(Index part, Index n, bool aligned, const F& f) {
  const Index begin = part * kPart, end = begin + kPart < n ? begin + kPart : n;
  const Index vectors_end = aligned ? begin + (end - begin) / kVector * kVector : begin;
#pragma unroll 2
  for (Index i = begin + thread_in_block() * kVector; i < vectors_end; i += kBlock * kVector)
    f.template run<kVector>(i);
  for (Index i = vectors_end + thread_in_block(); i < end; i += kBlock) f.template run<1>(i);
}

template <typename T>
struct Squares {
  const T* x;
  double* sum;

  template <int k>
  __device__ void run(Index i) const {
    const Vector<T, k> values = load_vector<k>(x + i);
#pragma unroll
    for (int j = 0; j < k; ++j) {
      const auto value = static_cast<double>(to_accumulator(values[j]));
      *sum += value * value;
    }
  }
};

template <typename T>
__global__ void __launch_bounds__(kBlock)
    squares_kernel(double* result, const UpdatedTensor<T>* tensors, const TensorPart* parts) {
  const TensorPart part = parts[blockIdx.x];
  const UpdatedTensor<T>& tensor = tensors[part.tensor];
  const T* const grad = tensor.grad;
  double sum = 0;
  for_each_of_part<kVectorSize<T>>(part.part, tensor.n, is_vector_aligned<kVectorSize<T>>(grad),
                                   Squares<T>{grad, &sum});
  sum = block_sum(sum, shared_array<double>(0, kWarpSize));
  if (thread_in_block() == 0) result[blockIdx.x] = sum;
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

template <typename A>
__device__ inline AdamScalars<A> scalars_of(const AdamGroup& group, double step, double factor) {
  return {
      .grad_factor = static_cast<A>(group.maximize ? -factor : factor),
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

template <typename A>
__device__ inline SGDScalars<A> scalars_of(const SGDGroup& group, double step, double factor) {
  const bool is_first = step <= 1;
  return {
      .grad_factor = static_cast<A>(group.maximize ? -factor : factor),
      .l2 = static_cast<A>(group.weight_decay),
      .momentum = static_cast<A>(is_first ? 0 : group.momentum),
      .rest = static_cast<A>(is_first ? 1 : 1 - group.dampening),
      .lookahead = static_cast<A>(group.nesterov ? group.momentum : 0),
      .lr = static_cast<A>(group.lr),
  };
}

template <typename A, typename Scalars, typename Group>
__global__ void __launch_bounds__(kSumBlock) begin_kernel(StepState* state, Scalars* scalars, const Group* groups,
                                                          Index group_count, const double* squares, Index count) {
  double sum = 0;
#pragma unroll 8
  for (Index i = thread_in_block(); i < count; i += kSumBlock) sum += squares[i];
  sum = block_sum(sum, shared_array<double>(0, kWarpSize));
  if (thread_in_block() != 0) return;
  const double factor = begin_step(*state, sum);
  for (Index g = 0; g < group_count; ++g) scalars[g] = scalars_of<A>(groups[g], state->step, factor);
}

template <typename T>
struct AdamPart {
  Weights<T> weights;
  Accumulator<T>* m;
  Accumulator<T>* v;
  Accumulator<T>* max_v;
  AdamScalars<Accumulator<T>> scalars;

  template <int k>
  __device__ void run(Index i) const {
    adam_update<k>(weights, m, v, max_v, i, scalars);
  }
};

template <typename T>
struct SGDPart {
  Weights<T> weights;
  Accumulator<T>* buffer;
  SGDScalars<Accumulator<T>> scalars;

  template <int k>
  __device__ void run(Index i) const {
    sgd_update<k>(weights, buffer, i, scalars);
  }
};

template <typename T>
__device__ inline bool is_aligned(const UpdatedTensor<T>& tensor) {
  constexpr int k = kUpdateVector<T>;
  return is_vector_aligned<k>(tensor.param) && is_vector_aligned<k>(tensor.copy) && is_vector_aligned<k>(tensor.grad) &&
         is_vector_aligned<k>(tensor.moments[0]) && is_vector_aligned<k>(tensor.moments[1]) &&
         is_vector_aligned<k>(tensor.moments[2]);
}

template <typename T>
__global__ void __launch_bounds__(kBlock)
    adam_kernel(const UpdatedTensor<T>* tensors, const TensorPart* parts, const AdamScalars<Accumulator<T>>* scalars,
                const StepState* state) {
  if (state->skipped != 0) return;
  const TensorPart part = parts[blockIdx.x];
  const UpdatedTensor<T> tensor = tensors[part.tensor];
  const AdamPart<T> update{{tensor.param, tensor.copy, tensor.grad},
                           tensor.moments[0],
                           tensor.moments[1],
                           tensor.moments[2],
                           scalars[tensor.group]};
  for_each_of_part<kUpdateVector<T>>(part.part, tensor.n, is_aligned(tensor), update);
}

template <typename T>
__global__ void __launch_bounds__(kBlock)
    sgd_kernel(const UpdatedTensor<T>* tensors, const TensorPart* parts, const SGDScalars<Accumulator<T>>* scalars,
               const StepState* state) {
  if (state->skipped != 0) return;
  const TensorPart part = parts[blockIdx.x];
  const UpdatedTensor<T> tensor = tensors[part.tensor];
  const SGDPart<T> update{{tensor.param, tensor.copy, tensor.grad}, tensor.moments[0], scalars[tensor.group]};
  for_each_of_part<kUpdateVector<T>>(part.part, tensor.n, is_aligned(tensor), update);
}

}  // namespace

std::vector<TensorPart> parts_of(std::span<const Index> sizes) {
  std::vector<TensorPart> parts;
  for (std::size_t t = 0; t < sizes.size(); ++t)
    for (Index p = 0; p < ceil_div(sizes[t], kPart); ++p)
      parts.push_back({static_cast<std::int32_t>(t), static_cast<std::int32_t>(p)});
  return parts;
}

template <Floating T>
void squares_of_parts(Backend backend, double* result, const UpdatedTensor<T>* tensors, const TensorPart* parts,
                      Index part_count) {
  launch<squares_kernel<T>, sizeof(double) * kWarpSize>(blocks_for(part_count, 1), kBlock, backend, result, tensors,
                                                        parts);
}

template <Real A>
void begin_adam_step(Backend backend, StepState* state, AdamScalars<A>* scalars, const AdamGroup* groups,
                     Index group_count, const double* squares, Index count) {
  launch<begin_kernel<A, AdamScalars<A>, AdamGroup>, sizeof(double) * kWarpSize>(1, kSumBlock, backend, state, scalars,
                                                                                 groups, group_count, squares, count);
}

template <Real A>
void begin_sgd_step(Backend backend, StepState* state, SGDScalars<A>* scalars, const SGDGroup* groups,
                    Index group_count, const double* squares, Index count) {
  launch<begin_kernel<A, SGDScalars<A>, SGDGroup>, sizeof(double) * kWarpSize>(1, kSumBlock, backend, state, scalars,
                                                                               groups, group_count, squares, count);
}

template <Floating T>
void adam_steps(Backend backend, const UpdatedTensor<T>* tensors, const TensorPart* parts, Index part_count,
                const AdamScalars<Accumulator<T>>* scalars, const StepState* state) {
  launch<adam_kernel<T>, 0>(blocks_for(part_count, 1), kBlock, backend, tensors, parts, scalars, state);
}

template <Floating T>
void sgd_steps(Backend backend, const UpdatedTensor<T>* tensors, const TensorPart* parts, Index part_count,
               const SGDScalars<Accumulator<T>>* scalars, const StepState* state) {
  launch<sgd_kernel<T>, 0>(blocks_for(part_count, 1), kBlock, backend, tensors, parts, scalars, state);
}

#define TEMPA_MULTI_TENSOR(T)                                                                             \
  template void squares_of_parts<T>(Backend, double*, const UpdatedTensor<T>*, const TensorPart*, Index); \
  template void adam_steps<T>(Backend, const UpdatedTensor<T>*, const TensorPart*, Index,                 \
                              const AdamScalars<Accumulator<T>>*, const StepState*);                      \
  template void sgd_steps<T>(Backend, const UpdatedTensor<T>*, const TensorPart*, Index,                  \
                             const SGDScalars<Accumulator<T>>*, const StepState*)
#define TEMPA_BEGIN_STEP(A)                                                                                      \
  template void begin_adam_step<A>(Backend, StepState*, AdamScalars<A>*, const AdamGroup*, Index, const double*, \
                                   Index);                                                                       \
  template void begin_sgd_step<A>(Backend, StepState*, SGDScalars<A>*, const SGDGroup*, Index, const double*, Index)

TEMPA_MULTI_TENSOR(float);
TEMPA_MULTI_TENSOR(double);
TEMPA_MULTI_TENSOR(float16);
TEMPA_MULTI_TENSOR(bfloat16);
TEMPA_BEGIN_STEP(float);
TEMPA_BEGIN_STEP(double);

}  // namespace tempa::inline TEMPA_ABI::cuda
