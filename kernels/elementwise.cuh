// Kernels for any formula of math/ of one or two elements, forward and backward. kernels/elementwise_*.cu instantiate
// them for the formulas of the library, a program's own .cu for its own (TEMPA_UNARY_KERNELS). A thread owns
// 16 bytes of the result (map.cuh). Operands that are broadcast are found by one division for each joined dimension.
#pragma once

#include <tempa/cuda/elementwise.hpp>

#include "kernels/device/map.cuh"
#include "kernels/device/nest.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace detail {

template <Floating T, typename Formula>
struct UnaryForward {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const T* x;
  Formula formula;

  bool aligned() const { return are_aligned<kVector>(y, x); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<T, k> in = load_vector<k>(x + i);
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = from_accumulator<T>(formula.f(to_accumulator(in[j])));
    store_vector<k>(y + i, out);
  }
};

template <Floating T, typename Formula>
struct UnaryBackward {
  static constexpr int kVector = kVectorSize<T>;
  T* dx;
  const T* dy;
  const T* saved;
  Formula formula;

  bool aligned() const { return are_aligned<kVector>(dx, dy, saved); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<T, k> grad = load_vector<k>(dy + i), in = load_vector<k>(saved + i);
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j)
      out[j] = from_accumulator<T>(to_accumulator(grad[j]) * formula.df(to_accumulator(in[j])));
    store_vector<k>(dx + i, out);
  }
};

/// k neighboring elements of an operand, or k times the same one where its stride is 0.
template <int k, typename T>
__device__ inline Vector<T, k> load_operand(const T* p, Index stride) {
  if (stride != 0) return load_vector<k>(p);
  Vector<T, k> same;
  const T value = *p;
#pragma unroll
  for (int j = 0; j < k; ++j) same[j] = value;
  return same;
}

/// @tparam Result writes what a formula makes of k pairs: `write<k>(i, left, right)`.
template <typename T, typename Result>
struct Pairs {
  static constexpr int kVector = kVectorSize<T>;
  Result result;
  const T* a;
  const T* b;
  Nest<2> nest;

  bool aligned() const {
    return result.aligned() && nest.keeps_together(kVector) &&
           (nest.inner_strides[0] == 0 || are_aligned<kVector>(a)) &&
           (nest.inner_strides[1] == 0 || are_aligned<kVector>(b));
  }
  template <int k>
  __device__ void run(Index i) const {
    Index offsets[2];
    nest.offsets_of(i, offsets);
    result.template write<k>(i, load_operand<k>(a + offsets[0], nest.inner_strides[0]),
                             load_operand<k>(b + offsets[1], nest.inner_strides[1]));
  }
};

template <Floating T, typename Formula>
struct BinaryForward {
  T* y;
  Formula formula;

  bool aligned() const { return are_aligned<kVectorSize<T>>(y); }
  template <int k>
  __device__ void write(Index i, const Vector<T, k>& left, const Vector<T, k>& right) const {
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j)
      out[j] = from_accumulator<T>(formula.f(to_accumulator(left[j]), to_accumulator(right[j])));
    store_vector<k>(y + i, out);
  }
};

template <Floating T, typename Formula>
struct BinaryBackward {
  T* da;
  T* db;
  const T* dy;
  Formula formula;

  bool aligned() const { return are_aligned<kVectorSize<T>>(da, db, dy); }
  template <int k>
  __device__ void write(Index i, const Vector<T, k>& left, const Vector<T, k>& right) const {
    const Vector<T, k> grad = load_vector<k>(dy + i);
    Vector<T, k> out;
    if (da != nullptr) {
#pragma unroll
      for (int j = 0; j < k; ++j)
        out[j] = from_accumulator<T>(to_accumulator(grad[j]) *
                                     formula.dfa(to_accumulator(left[j]), to_accumulator(right[j])));
      store_vector<k>(da + i, out);
    }
    if (db != nullptr) {
#pragma unroll
      for (int j = 0; j < k; ++j)
        out[j] = from_accumulator<T>(to_accumulator(grad[j]) *
                                     formula.dfb(to_accumulator(left[j]), to_accumulator(right[j])));
      store_vector<k>(db + i, out);
    }
  }
};

}  // namespace detail

template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_forward(Backend backend, T* y, const T* x, Index n, Formula formula) {
  map(backend, detail::UnaryForward<T, Formula>{y, x, formula}, n);
}

template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
void unary_backward(Backend backend, T* dx, const T* dy, const T* saved, Index n, Formula formula) {
  map(backend, detail::UnaryBackward<T, Formula>{dx, dy, saved, formula}, n);
}

template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_forward(Backend backend, T* y, const T* a, const T* b, const LoopNest<2>& nest, Index n, Formula formula) {
  using Body = detail::Pairs<T, detail::BinaryForward<T, Formula>>;
  map(backend, Body{{y, formula}, a, b, Nest<2>(nest)}, n);
}

template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
void binary_backward(Backend backend, T* da, T* db, const T* dy, const T* a, const T* b, const LoopNest<2>& nest,
                     Index n, Formula formula) {
  using Body = detail::Pairs<T, detail::BinaryBackward<T, Formula>>;
  map(backend, Body{{da, db, dy, formula}, a, b, Nest<2>(nest)}, n);
}

}  // namespace tempa::inline TEMPA_ABI::cuda

/// The kernels of a formula of one element for tensors of type T.
#define TEMPA_UNARY_KERNELS(T, ...)                                                                           \
  template void tempa::cuda::unary_forward<T>(tempa::cuda::Backend, T*, const T*, tempa::Index, __VA_ARGS__); \
  template void tempa::cuda::unary_backward<T>(tempa::cuda::Backend, T*, const T*, const T*, tempa::Index, __VA_ARGS__)

/// The kernels of a formula of two elements for tensors of type T.
#define TEMPA_BINARY_KERNELS(T, ...)                                                                        \
  template void tempa::cuda::binary_forward<T>(tempa::cuda::Backend, T*, const T*, const T*,                \
                                               const tempa::LoopNest<2>&, tempa::Index, __VA_ARGS__);       \
  template void tempa::cuda::binary_backward<T>(tempa::cuda::Backend, T*, T*, const T*, const T*, const T*, \
                                                const tempa::LoopNest<2>&, tempa::Index, __VA_ARGS__)
