// Adds gradients, scales, applies dropout, chooses by a mask. A thread owns 16 bytes of the result (map.cuh). Dropout
// computes its mask from Philox counters, one call for four elements (Salmon et al. 2011, "Parallel random numbers: as
// easy as 1, 2, 3").
#include <tempa/cuda/accumulate.hpp>

#include "kernels/accumulate.cuh"
#include "kernels/device/dropout.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T>
struct Scale {
  static constexpr int kVector = kVectorSize<T>;
  T* x;
  Accumulator<T> factor;

  bool aligned() const { return are_aligned<kVector>(x); }
  template <int k>
  __device__ void run(Index i) const {
    Vector<T, k> out = load_vector<k>(x + i);
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = from_accumulator<T>(to_accumulator(out[j]) * factor);
    store_vector<k>(x + i, out);
  }
};

template <typename T>
struct Dropout {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const T* x;
  DropoutRule<Accumulator<T>> rule;

  bool aligned() const { return are_aligned<kVector>(y, x); }
  template <int k>
  __device__ void run(Index i) const {
    store_vector<k>(y + i, rule.apply(load_vector<k>(x + i), i));
  }
};

template <typename T>
struct Where {
  static constexpr int kVector = kVectorSize<T>;
  T* y;
  const std::uint8_t* mask;
  const T* a;
  const T* b;

  bool aligned() const { return are_aligned<kVector>(y, a, b) && are_aligned<kVector>(mask); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<std::uint8_t, k> takes_a = load_vector<k>(mask + i);
    const Vector<T, k> left = load_vector<k>(a + i), right = load_vector<k>(b + i);
    Vector<T, k> out;
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] = takes_a[j] != 0 ? left[j] : right[j];
    store_vector<k>(y + i, out);
  }
};

template <typename T>
struct WhereBackward {
  static constexpr int kVector = kVectorSize<T>;
  T* da;
  T* db;
  const T* dy;
  const std::uint8_t* mask;

  bool aligned() const { return are_aligned<kVector>(da, db, dy) && are_aligned<kVector>(mask); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<std::uint8_t, k> takes_a = load_vector<k>(mask + i);
    const Vector<T, k> grad = load_vector<k>(dy + i);
    Vector<T, k> left, right;
#pragma unroll
    for (int j = 0; j < k; ++j) {
      left[j] = takes_a[j] != 0 ? grad[j] : T{};
      right[j] = takes_a[j] != 0 ? T{} : grad[j];
    }
    if (da != nullptr) store_vector<k>(da + i, left);
    if (db != nullptr) store_vector<k>(db + i, right);
  }
};

}  // namespace

template <Floating T>
void accumulate(Backend backend, T* y, const T* x, Index n) {
  map(backend, Accumulate<T>{y, x}, n);
}

template <Floating T>
void scale_in_place(Backend backend, T* x, Index n, Accumulator<T> factor) {
  map(backend, Scale<T>{x, factor}, n);
}

template <Floating T>
void dropout_apply(Backend backend, T* y, const T* x, Index n, double drop_prob, RandomStream stream) {
  map(backend, Dropout<T>{y, x, {drop_prob, stream}}, n);
}

template <Floating T>
void where_forward(Backend backend, T* y, const std::uint8_t* mask, const T* a, const T* b, Index n) {
  map(backend, Where<T>{y, mask, a, b}, n);
}

template <Floating T>
void where_backward(Backend backend, T* da, T* db, const T* dy, const std::uint8_t* mask, Index n) {
  map(backend, WhereBackward<T>{da, db, dy, mask}, n);
}

#define TEMPA_ACCUMULATE(T)                                                                    \
  template void accumulate<T>(Backend, T*, const T*, Index);                                   \
  template void scale_in_place<T>(Backend, T*, Index, Accumulator<T>);                         \
  template void dropout_apply<T>(Backend, T*, const T*, Index, double, RandomStream);          \
  template void where_forward<T>(Backend, T*, const std::uint8_t*, const T*, const T*, Index); \
  template void where_backward<T>(Backend, T*, T*, const T*, const std::uint8_t*, Index)

TEMPA_ACCUMULATE(float);
TEMPA_ACCUMULATE(double);
TEMPA_ACCUMULATE(float16);
TEMPA_ACCUMULATE(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
