// The library's optimizers, of the kernels in optimizer.cuh; and the squares of gradients, whatever the rule.
#include <tempa/math/adam.hpp>
#include <tempa/math/sgd.hpp>

#include "kernels/optimizer.cuh"

namespace tempa::inline TEMPA_ABI {

namespace cuda {

namespace {

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
__global__ void __launch_bounds__(kPartBlock)
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
  launch<squares_kernel<T>, sizeof(double) * kWarpSize>(blocks_for(part_count, 1), kPartBlock, backend, result, tensors,
                                                        parts);
}

#define TEMPA_SQUARES_OF_PARTS(T) \
  template void squares_of_parts<T>(Backend, double*, const UpdatedTensor<T>*, const TensorPart*, Index)

TEMPA_SQUARES_OF_PARTS(float);
TEMPA_SQUARES_OF_PARTS(double);
TEMPA_SQUARES_OF_PARTS(float16);
TEMPA_SQUARES_OF_PARTS(bfloat16);

}  // namespace cuda

TEMPA_OPTIMIZER(AdamFormula);
TEMPA_OPTIMIZER(SGDFormula);

}  // namespace tempa::inline TEMPA_ABI
