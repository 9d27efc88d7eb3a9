// Choices by a mask. A thread owns 16 bytes of the result (map.cuh). Bytes moved: every input once, every output once.
#include <tempa/cuda/where.hpp>

#include "kernels/device/map.cuh"

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

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
void where_forward(Backend backend, T* y, const std::uint8_t* mask, const T* a, const T* b, Index n) {
  map(backend, Where<T>{y, mask, a, b}, n);
}

template <Floating T>
void where_backward(Backend backend, T* da, T* db, const T* dy, const std::uint8_t* mask, Index n) {
  map(backend, WhereBackward<T>{da, db, dy, mask}, n);
}

#define TEMPA_WHERE(T)                                                                         \
  template void where_forward<T>(Backend, T*, const std::uint8_t*, const T*, const T*, Index); \
  template void where_backward<T>(Backend, T*, T*, const T*, const std::uint8_t*, Index)

TEMPA_WHERE(float);
TEMPA_WHERE(double);
TEMPA_WHERE(float16);
TEMPA_WHERE(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
