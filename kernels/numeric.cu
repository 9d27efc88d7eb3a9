// What gradients are judged by, averages of weights, exchanges. A thread owns 16 bytes of an array (map.cuh); norms: a
// block takes 16384 elements, in double, and one block joins the pieces in order. Bytes moved: every input once, every
// output once.
#include <tempa/cuda/numeric.hpp>
#include <tempa/device/cuda/memory.hpp>

#include "kernels/device/bits.cuh"
#include "kernels/device/map.cuh"

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

namespace tempa::inline TEMPA_ABI::cuda {

namespace {

template <typename T>
struct Average {
  static constexpr int kVector = kVectorSize<Accumulator<T>>;
  Accumulator<T>* average;
  const T* value;
  Accumulator<T> weight;

  bool aligned() const { return are_aligned<kVector>(average) && are_aligned<kVector>(value); }
  template <int k>
  __device__ void run(Index i) const {
    Vector<Accumulator<T>, k> out = load_vector<k>(average + i);
    const Vector<T, k> in = load_vector<k>(value + i);
#pragma unroll
    for (int j = 0; j < k; ++j) out[j] += weight * (to_accumulator(in[j]) - out[j]);
    store_vector<k>(average + i, out);
  }
};

template <typename B>
struct Exchange {
  static constexpr int kVector = kVectorSize<B>;
  B* a;
  B* b;

  bool aligned() const { return are_aligned<kVector>(a, b); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<B, k> left = load_vector<k>(a + i);
    store_vector<k>(a + i, load_vector<k>(b + i));
    store_vector<k>(b + i, left);
  }
};

template <typename T>
struct FindNonfinite {
  static constexpr int kVector = kVectorSize<T>;
  std::int32_t* found;
  const T* x;

  bool aligned() const { return are_aligned<kVector>(x); }
  template <int k>
  __device__ void run(Index i) const {
    const Vector<T, k> in = load_vector<k>(x + i);
    bool finite = true;
#pragma unroll
    for (int j = 0; j < k; ++j) finite = finite && to_accumulator(in[j]) - to_accumulator(in[j]) == 0;
    if (!finite) *found = 1;  // whoever writes, writes the same
  }
};

constexpr Index kPiece = 16384;  // elements that a block of `reduce_pieces` takes

template <typename T>
struct Squared {
  __device__ double operator()(T x) const {
    const auto value = static_cast<double>(to_accumulator(x));
    return value * value;
  }
};

/// Without its sign, the bit pattern of a larger number is the larger integer, infinity's is above all numbers', and a
/// NaN's above that.
template <typename T>
struct MagnitudeBits {
  __device__ std::uint64_t operator()(T x) const {
    constexpr auto kWithoutSign = static_cast<Bits<T>>(static_cast<Bits<T>>(~Bits<T>{0}) >> 1);
    return std::bit_cast<Bits<T>>(x) & kWithoutSign;
  }
};

template <typename R>
struct Same {
  __device__ R operator()(R x) const { return x; }
};

/// result_b = the combination of f(x_i) over piece b. @tparam Combine with 0 as what changes nothing.
template <typename Combine, typename F, typename R, typename T>
__global__ void __launch_bounds__(kMapBlock) reduce_pieces(R* result, const T* x, Index n) {
  constexpr int kVector = kVectorSize<T>;
  const Combine combine;
  const F f;
  const Index begin = static_cast<Index>(blockIdx.x) * kPiece, count = n - begin < kPiece ? n - begin : kPiece;
  const Index vectors = is_vector_aligned<kVector>(x) ? count / kVector : 0;
  R value{0};
#pragma unroll 4
  for (Index i = thread_in_block(); i < vectors; i += kMapBlock) {
    const Vector<T, kVector> in = load_vector<kVector>(x + begin + i * kVector);
#pragma unroll
    for (int j = 0; j < kVector; ++j) value = combine(value, f(in[j]));
  }
  for (Index i = vectors * kVector + thread_in_block(); i < count; i += kMapBlock)
    value = combine(value, f(x[begin + i]));
  value = block_reduce(value, shared_array<R>(0, kWarpSize), combine, R{0});
  if (thread_in_block() == 0) result[blockIdx.x] = value;
}

template <typename Combine, typename F, typename R, typename T>
R reduce(LaunchSite site, const T* x, Index n) {
  R result{0};
  if (n == 0) return result;
  const Index pieces = ceil_div(n, kPiece);
  const auto memory = allocate(site.backend.device, sizeof(R) * static_cast<std::size_t>(pieces));
  auto* const partial = static_cast<R*>(memory.get());
  launch<reduce_pieces<Combine, F, R, T>, sizeof(R) * kWarpSize>(blocks_for(pieces, 1), kMapBlock, site, partial, x, n);
  if (pieces > 1) return reduce<Combine, Same<R>, R>(site, std::as_const(partial), pieces);
  copy_to_host(site.backend, &result, partial, sizeof result);
  return result;
}

}  // namespace

template <Floating T>
void average_step(Backend backend, Accumulator<T>* average, const T* value, Index n, Accumulator<T> weight) {
  map(backend, Average<T>{average, value, weight}, n);
}

template <Floating T>
void exchange(Backend backend, T* a, T* b, Index n) {
  map(backend, Exchange<Bits<T>>{as_bits(a), as_bits(b)}, n);
}

template <Floating T>
void find_nonfinite(Backend backend, std::int32_t* found, const T* x, Index n) {
  map(backend, FindNonfinite<T>{found, x}, n);
}

template <Floating T>
double sum_of_squares(Backend backend, const T* x, Index n) {
  return reduce<Sum, Squared<T>, double>(backend, x, n);
}

template <Floating T>
double max_abs(Backend backend, const T* x, Index n) {
  const auto bits = reduce<Max, MagnitudeBits<T>, std::uint64_t>(backend, x, n);
  return static_cast<double>(to_accumulator(std::bit_cast<T>(static_cast<Bits<T>>(bits))));
}

#define TEMPA_NUMERIC(T)                                                                    \
  template void average_step<T>(Backend, Accumulator<T>*, const T*, Index, Accumulator<T>); \
  template void exchange<T>(Backend, T*, T*, Index);                                        \
  template void find_nonfinite<T>(Backend, std::int32_t*, const T*, Index);                 \
  template double sum_of_squares<T>(Backend, const T*, Index);                              \
  template double max_abs<T>(Backend, const T*, Index)

TEMPA_NUMERIC(float);
TEMPA_NUMERIC(double);
TEMPA_NUMERIC(float16);
TEMPA_NUMERIC(bfloat16);

}  // namespace tempa::inline TEMPA_ABI::cuda
