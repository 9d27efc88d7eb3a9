// The epilogue of a matrix product: what is done to a sum before it is written.
#pragma once

#include <tempa/math/gelu.hpp>

#include "kernels/common.cuh"

namespace tempa::inline TEMPA_ABI::cuda::detail {

enum class Finish : int {
  kLinear,        ///< c = alpha sum + bias + beta c
  kGelu,          ///< x = alpha sum + bias, c = GELU(x)
  kGeluBackward,  ///< c = alpha sum GELU'(x)
};

/// The same for all threads, so that branching on it costs almost nothing.
template <Floating T>
struct Epilogue {
  using A = Accumulator<T>;

  T* c = nullptr;
  Index ldc = 0, stride_c = 0;
  A alpha = 1, beta = 0;
  const T* bias = nullptr;                     ///< (n), or null for none
  const T* more_bias[2] = {nullptr, nullptr};  ///< of the second and third product of a group
  T* x = nullptr;                              ///< with the layout of c; written by kGelu, read by kGeluBackward
  Finish finish = Finish::kLinear;
  bool vectors = false;  ///< whether four neighbors may be moved at once

  /// Sets `vectors` by the pointers.
  void find_alignment() {
    vectors = is_vector_aligned<kVectorSize<float>>(c, ldc) && stride_c % kVectorSize<float> == 0 &&
              is_vector_aligned<kVectorSize<float>>(bias) && is_vector_aligned<kVectorSize<float>>(more_bias[0]) &&
              is_vector_aligned<kVectorSize<float>>(more_bias[1]) &&
              (x == nullptr || is_vector_aligned<kVectorSize<float>>(x));
  }

  /// Writes the elements from `column` to the end of the row (`columns`), of rows `row`, `row + row_step` … below
  /// `rows`. All reads are started together, so that the threads wait once.
  template <int kCount, int kRows>
  __device__ void put(int batch, int row, int row_step, int rows, int column, int columns,
                      const Vector<A, kCount> (&sums)[kRows]) const {
    const int count = columns - column;
    const bool whole = vectors && kCount <= count;
    const Index first = batch * stride_c + row * ldc + column, step = row_step * ldc;
    Vector<A, kCount> added{};
    if (bias != nullptr) added = widened(load<kCount>(bias_of(batch) + column, whole, count));
    Vector<T, kCount> read[kRows] = {};
    const bool reads_x = finish == Finish::kGeluBackward;
    if (reads_x || beta != A(0)) {
      const T* const from = (reads_x ? x : c) + first;
#pragma unroll
      for (int r = 0; r < kRows; ++r)
        if (row + r * row_step < rows) read[r] = load<kCount>(from + r * step, whole, count);
    }
#pragma unroll
    for (int r = 0; r < kRows; ++r) {
      const Index at = first + r * step;
      Vector<A, kCount> result;
#pragma unroll
      for (int i = 0; i < kCount; ++i) result[i] = alpha * sums[r][i] + added[i];
      if (row + r * row_step >= rows) continue;
      if (finish == Finish::kLinear) {
        if (beta != A(0)) {
#pragma unroll
          for (int i = 0; i < kCount; ++i) result[i] += beta * to_accumulator(read[r][i]);
        }
      } else if (finish == Finish::kGelu) {
        const Vector<T, kCount> rounded = narrowed(result);
        store(x + at, whole, count, rounded);
#pragma unroll
        for (int i = 0; i < kCount; ++i) result[i] = math::Gelu::f(to_accumulator(rounded[i]));
      } else {
#pragma unroll
        for (int i = 0; i < kCount; ++i) result[i] *= math::Gelu::df(to_accumulator(read[r][i]));
      }
      store(c + at, whole, count, narrowed(result));
    }
  }

 private:
  __device__ const T* bias_of(int batch) const {
    const T* const more = batch == 1 ? more_bias[0] : more_bias[1];
    return batch == 0 || more_bias[0] == nullptr ? bias : more;
  }

  template <int kCount>
  __device__ static Vector<T, kCount> load(const T* p, bool whole, int count) {
    if (whole) return load_vector<kCount>(p);
    Vector<T, kCount> values{};
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (i < count) values[i] = p[i];
    return values;
  }

  template <int kCount>
  __device__ static void store(T* p, bool whole, int count, const Vector<T, kCount>& values) {
    if (whole) return store_vector<kCount>(p, values);
#pragma unroll
    for (int i = 0; i < kCount; ++i)
      if (i < count) p[i] = values[i];
  }

  template <int kCount>
  __device__ static Vector<A, kCount> widened(const Vector<T, kCount>& values) {
    Vector<A, kCount> wide;
#pragma unroll
    for (int i = 0; i < kCount; ++i) wide[i] = to_accumulator(values[i]);
    return wide;
  }

  template <int kCount>
  __device__ static Vector<T, kCount> narrowed(const Vector<A, kCount>& wide) {
    Vector<T, kCount> values;
#pragma unroll
    for (int i = 0; i < kCount; ++i) values[i] = from_accumulator<T>(wide[i]);
    return values;
  }
};

}  // namespace tempa::inline TEMPA_ABI::cuda::detail
