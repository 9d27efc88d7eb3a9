// Broadcast, transposed and repeated operands in kernels: core/loop_nest.hpp as a kernel argument.
#pragma once

#include <tempa/core/detail/loop_nest.hpp>

#include "kernels/device/platform.cuh"

#include <cstddef>

namespace tempa::inline TEMPA_ABI::cuda {

/// How `kOperands` operands run along a contiguous result.
template <int kOperands>
struct Nest {
  int rank = 0;
  Index sizes[Shape::kMaxRank] = {};
  Index strides[Shape::kMaxRank][kOperands] = {};
  Index inner_strides[kOperands] = {};

  explicit Nest(const LoopNest<kOperands>& nest) : rank(static_cast<int>(nest.rank())) {
    for (int d = 0; d < rank; ++d) {
      sizes[d] = nest.size(static_cast<std::size_t>(d));
      for (std::size_t k = 0; k < kOperands; ++k) strides[d][k] = nest.strides(static_cast<std::size_t>(d))[k];
    }
    for (std::size_t k = 0; k < kOperands; ++k) inner_strides[k] = nest.inner_strides()[k];
  }

  /// Whether k neighbors that begin at a multiple of k are always in one run of the innermost loop.
  bool keeps_together(int k) const { return rank <= 1 || sizes[rank - 1] % k == 0; }

  /// Where the operands of element i of the result are.
  __device__ void offsets_of(Index i, Index (&offsets)[kOperands]) const {
#pragma unroll
    for (int k = 0; k < kOperands; ++k) offsets[k] = 0;
    for (int d = rank - 1; d >= 0; --d) {
      const Index rest = d == 0 ? 0 : i / sizes[d], position = i - rest * sizes[d];
#pragma unroll
      for (int k = 0; k < kOperands; ++k) offsets[k] += position * strides[d][k];
      i = rest;
    }
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda
