// The building blocks of kernels: warps, blocks, random numbers, conversions, vectors.
#include <tempa/core/random.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include "cuda/device_array.hpp"
#include "kernels/common.cuh"
#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace cuda_warp_test {

using namespace tempa;
using namespace tempa::cuda;
using tempa::test::DeviceArray;

namespace {

constexpr int kBlock = 96;

/// y (8,96): what each kind of exchange gives each thread, of its number.
__global__ void exchanges(int* y) {
  const int thread = thread_in_block();
  int* const mine = y + thread;
  mine[0 * kBlock] = __shfl_sync(kAllLanes, thread, 5);
  mine[1 * kBlock] = __shfl_xor_sync(kAllLanes, thread, 3);
  mine[2 * kBlock] = __shfl_down_sync(kAllLanes, thread, 2u);
  mine[3 * kBlock] = __shfl_up_sync(kAllLanes, thread, 2u);
  mine[4 * kBlock] = __shfl_sync(kAllLanes, thread, 1, 8);
  mine[5 * kBlock] = static_cast<int>(__ballot_sync(kAllLanes, thread % 3 == 0));
  mine[6 * kBlock] = __any_sync(kAllLanes, thread == 40) + 2 * __all_sync(kAllLanes, thread < 64);
  mine[7 * kBlock] = __syncthreads_count(thread % 2);
}

TEST_CASE("CUDA warps: shuffles and votes", "[cuda]") {
  DeviceArray<int> y(8 * kBlock);
  launch(exchanges, 1, kBlock, 0, current_backend(0), y.data());
  const auto got = y.to_vector();
  for (int thread = 0; thread < kBlock; ++thread) {
    INFO("thread " << thread);
    const int lane = thread % 32, warp = thread / 32 * 32;
    unsigned votes = 0;
    for (int l = 0; l < 32; ++l) votes |= static_cast<unsigned>((warp + l) % 3 == 0) << l;
    const int expected[] = {warp + 5,
                            thread ^ 3,
                            lane < 30 ? thread + 2 : thread,
                            lane >= 2 ? thread - 2 : thread,
                            thread / 8 * 8 + 1,
                            static_cast<int>(votes),
                            (warp == 32 ? 1 : 0) + (warp < 64 ? 2 : 0),
                            kBlock / 2};
    for (int k = 0; k < 8; ++k) {
      INFO("exchange " << k);
      CHECK(got[static_cast<std::size_t>(k * kBlock + thread)] == expected[k]);
    }
  }
}

__global__ void sums(float* y, const float* x) {
  const int thread = thread_in_block();
  const auto scratch = shared_array<float>(0, kWarpSize);
  y[thread] = warp_sum<8>(x[thread]);
  y[kBlock + thread] = warp_max(x[thread]);
  y[2 * kBlock + thread] = block_sum(x[thread], scratch);
  y[3 * kBlock + thread] = block_reduce(x[thread], scratch, Max{}, -INFINITY);
}

TEST_CASE("CUDA warps: reductions give all threads the same bits", "[cuda]") {
  std::vector<float> x;
  for (int i = 0; i < kBlock; ++i) x.push_back(std::sin(static_cast<float>(i)));
  const DeviceArray<float> device_x(x);
  DeviceArray<float> y(4 * kBlock);
  launch(sums, 1, kBlock, sizeof(float) * kWarpSize, current_backend(0), y.data(), device_x.data());
  const auto got = y.to_vector();
  double total = 0;
  for (const float value : x) total += value;
  for (std::size_t i = 0; i < kBlock; ++i) {
    double of_eight = 0;
    float of_warp = -1;
    for (std::size_t j = i / 8 * 8; j < i / 8 * 8 + 8; ++j) of_eight += x[j];
    for (std::size_t j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) of_warp = std::max(of_warp, x[j]);
    CHECK(got[i] == Approx(of_eight).margin(1e-6));
    CHECK(got[i] == got[i / 8 * 8]);
    CHECK(got[kBlock + i] == of_warp);
    CHECK(got[2 * kBlock + i] == Approx(total).margin(1e-5));
    CHECK(got[2 * kBlock + i] == got[2 * kBlock]);
    CHECK(got[3 * kBlock + i] == *std::max_element(x.begin(), x.end()));
  }
}

__global__ void random_numbers(std::uint32_t* y, RandomStream stream, Index n) {
  for (Index i = thread_number_in_grid(); i < n; i += threads_in_grid()) y[i] = random_bits(stream, i);
}

TEST_CASE("CUDA Philox: the CPU's numbers", "[cuda]") {
  constexpr Index kCount = 1001;
  const RandomStream stream{0x123456789abcdefull, 0xffffffffull};  // the counter passes 32 bits
  DeviceArray<std::uint32_t> y(kCount);
  launch(random_numbers, 3, 64, 0, current_backend(0), y.data(), stream, kCount);
  const auto got = y.to_vector();
  for (Index i = 0; i < kCount; ++i)
    REQUIRE(got[static_cast<std::size_t>(i)] == stream.bits(static_cast<std::uint64_t>(i)));
}

template <typename T>
__global__ void widen(float* y, const T* x, Index n) {
  for (Index i = thread_number_in_grid(); i < n; i += threads_in_grid()) y[i] = to_accumulator(x[i]);
}

template <typename T>
__global__ void narrow(T* y, const float* x, Index n) {
  for (Index i = thread_number_in_grid(); i < n; i += threads_in_grid()) y[i] = from_accumulator<T>(x[i]);
}

template <typename T>
__global__ void narrow_pairs(std::uint32_t* y, const float* x, Index n) {
  for (Index i = thread_number_in_grid(); i < n; i += threads_in_grid()) y[i] = pack<T>(x[2 * i], x[2 * i + 1]);
}

TEMPLATE_TEST_CASE("CUDA conversions: the bits of the host's casts", "[cuda]", float16, bfloat16) {
  using T = TestType;
  const Backend backend = current_backend(0);
  std::vector<T> all;
  for (unsigned bits = 0; bits < 0x10000; ++bits) all.push_back(T::from_bits(static_cast<std::uint16_t>(bits)));
  const DeviceArray<T> device_all(all);
  DeviceArray<float> wide(0x10000);
  launch(widen<T>, 8, 256, 0, backend, wide.data(), device_all.data(), Index{0x10000});
  const auto floats = wide.to_vector();
  std::vector<float> between;  // each number, the middle to the next one, and the float next to that
  for (unsigned i = 0; i < 0x10000; ++i) {
    const float value = static_cast<float>(all[i]);
    if (std::isnan(value)) {
      CHECK(std::isnan(floats[i]));
      continue;
    }
    REQUIRE(std::bit_cast<std::uint32_t>(floats[i]) == std::bit_cast<std::uint32_t>(value));
    if (i % 0x8000 == 0x7fff || !std::isfinite(value)) continue;
    const float next = static_cast<float>(T::from_bits(static_cast<std::uint16_t>(i + 1)));
    const float middle = std::isfinite(next) ? value / 2 + next / 2 : value;
    for (const float x : {value, middle, std::nextafter(middle, next), std::nextafter(middle, value)})
      between.push_back(x);
  }
  for (const float x : {1e30f, -1e30f, 65519.9f, 65520.0f, 1e-40f, 3.3961e38f, INFINITY, -INFINITY})
    between.push_back(x);
  const auto count = static_cast<Index>(between.size());
  const DeviceArray<float> device_between(between);
  DeviceArray<T> rounded(count);
  DeviceArray<std::uint32_t> pairs(count / 2);
  launch(narrow<T>, 8, 256, 0, backend, rounded.data(), device_between.data(), count);
  launch(narrow_pairs<T>, 8, 256, 0, backend, pairs.data(), device_between.data(), count / 2);
  const auto got = rounded.to_vector();
  const auto packed = pairs.to_vector();
  for (std::size_t i = 0; i < between.size(); ++i) {
    INFO(between[i]);
    const std::uint16_t expected = T(between[i]).bits;
    REQUIRE(got[i].bits == expected);
    REQUIRE(static_cast<std::uint16_t>(packed[i / 2] >> i % 2 * 16) == expected);
  }
}

template <int n>
__global__ void reverse(float* y, const float* x) {
  Vector<float, n> vector = load_vector<n>(x), reversed;
  for (int i = 0; i < n; ++i) reversed[i] = vector[n - 1 - i];
  store_vector(y, reversed);
}

TEST_CASE("CUDA vectors: loads, stores, alignment", "[cuda]") {
  const DeviceArray<float> x(std::vector<float>{1, 2, 3, 4});
  DeviceArray<float> y(4);
  launch(reverse<4>, 1, 1, 0, current_backend(0), y.data(), x.data());
  CHECK(y.to_vector() == std::vector<float>{4, 3, 2, 1});
  CHECK(is_vector_aligned<4>(x.data(), 8));
  CHECK_FALSE(is_vector_aligned<4>(x.data(), 6));
  CHECK_FALSE(is_vector_aligned<4>(x.data() + 1));
  CHECK(is_vector_aligned<2>(x.data() + 2));
}

__global__ void large_shared_memory(int* y, int count) {
  const auto tile = shared_array<int>(0, static_cast<std::size_t>(count));
  for (int i = thread_in_block(); i < count; i += static_cast<int>(blockDim.x)) tile[i] = i;
  __syncthreads();
  if (thread_in_block() == 0) y[0] = tile[count - 1];
}

TEST_CASE("CUDA launch: large shared memory is opted in to, an empty grid starts nothing", "[cuda]") {
  const Backend backend = current_backend(0);
  const std::size_t most = properties(0).shared_memory_per_block_bytes;
  const int count = static_cast<int>(most / sizeof(int));
  DeviceArray<int> y(1);
  launch(large_shared_memory, 1, 256, static_cast<std::size_t>(count) * sizeof(int), backend, y.data(), count);
  CHECK(y.to_vector()[0] == count - 1);
  CHECK_THROWS_AS(launch(large_shared_memory, 1, 256, most + 4, backend, y.data(), count), CudaError);
  CHECK_NOTHROW(launch(large_shared_memory, 0, 256, 0, backend, nullptr, 1));
  CHECK(y.to_vector()[0] == count - 1);
}

}  // namespace

}  // namespace cuda_warp_test
