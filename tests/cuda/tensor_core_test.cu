// ldmatrix, mma and cp.async against plain loops.
#include <tempa/core/random.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include "cuda/device_array.hpp"
#include "kernels/common.cuh"
#include "kernels/device/tensor_core.cuh"
#include "support/catch.hpp"

#include <vector>

namespace cuda_tensor_core_test {

using namespace tempa;
using namespace tempa::cuda;
using tempa::test::DeviceArray;

namespace {

constexpr int kM = 16, kN = 8, kK = 16;

/// c (16,8) += a (16,16) times b, which is (16,8), or (8,16) when it is given transposed.
template <typename T, bool kTransposedB>
__global__ void product(float* c, const T* a, const T* b) {
  const auto tile_a = shared_array<T>(0, kM * kK);
  const auto tile_b = shared_array<T>(sizeof(T) * kM * kK, kK * kN);
  const int lane = lane_in_warp();
  cp_async_16(tile_a + lane * 8, a + lane * 8);
  if (lane < 16) cp_async_16(tile_b + lane * 8, b + lane * 8);
  cp_async_commit();
  cp_async_wait<0>();
  __syncwarp();
  std::uint32_t registers_a[4], registers_b[2];
  // Matrices 0 and 1 are the upper and lower half of the left columns, 2 and 3 of the right ones.
  ldmatrix_x4<T>(registers_a, tile_a + (lane % 16 * kK + lane / 16 * 8));
  if constexpr (kTransposedB) {
    ldmatrix_x2<T>(registers_b, tile_b + (lane % 8 * kK + lane / 8 % 2 * 8));
  } else {
    ldmatrix_x2_transposed<T>(registers_b, tile_b + lane % 16 * kN);
  }
  const int g = lane / 4, t = lane % 4;
  float sums[4];
  for (int i = 0; i < 4; ++i) sums[i] = c[(g + i / 2 * 8) * kN + 2 * t + i % 2];
  mma_m16n8k16<T>(sums, registers_a, registers_b);
  for (int i = 0; i < 4; ++i) c[(g + i / 2 * 8) * kN + 2 * t + i % 2] = sums[i];
}

/// y (4,32,2): what register i of each lane holds, as element numbers of the four matrices (4,8,8).
__global__ void load_four(std::uint16_t* y, const float16* x, bool transposed) {
  const auto tile = shared_array<float16>(0, 256);
  const int lane = lane_in_warp();
  cp_async_16(tile + lane * 8, x + lane * 8);
  cp_async_commit();
  cp_async_wait<0>();
  __syncwarp();
  std::uint32_t registers[4];
  if (transposed) {
    ldmatrix_x4_transposed<float16>(registers, tile + lane * 8);
  } else {
    ldmatrix_x4<float16>(registers, tile + lane * 8);
  }
  for (int i = 0; i < 4; ++i) {
    y[(i * 32 + lane) * 2] = static_cast<std::uint16_t>(registers[i]);
    y[(i * 32 + lane) * 2 + 1] = static_cast<std::uint16_t>(registers[i] >> 16);
  }
}

TEST_CASE("CUDA ldmatrix: which lane gets which element", "[cuda]") {
  std::vector<float16> x;
  for (unsigned i = 0; i < 256; ++i) x.push_back(float16::from_bits(static_cast<std::uint16_t>(i)));
  const DeviceArray<float16> device_x(x);
  for (const bool transposed : {false, true}) {
    DeviceArray<std::uint16_t> y(256);
    launch(load_four, 1, 32, 512, current_backend(0), y.data(), device_x.data(), transposed);
    const auto got = y.to_vector();
    for (unsigned i = 0; i < 4; ++i)
      for (unsigned lane = 0; lane < 32; ++lane)
        for (unsigned half = 0; half < 2; ++half) {
          const unsigned first = lane / 4, second = 2 * (lane % 4) + half;
          const unsigned row = transposed ? second : first, column = transposed ? first : second;
          CHECK(got[(i * 32 + lane) * 2 + half] == i * 64 + row * 8 + column);
        }
  }
}

TEMPLATE_TEST_CASE("CUDA mma: a product of small integers is exact", "[cuda]", float16, bfloat16) {
  using T = TestType;
  Generator generator(1);
  std::vector<T> a, b, b_transposed(kK * kN);
  std::vector<float> c;
  for (int i = 0; i < kM * kK; ++i) a.push_back(T(static_cast<float>(generator.below(17) - 8)));
  for (int i = 0; i < kK * kN; ++i) b.push_back(T(static_cast<float>(generator.below(17) - 8)));
  for (int i = 0; i < kM * kN; ++i) c.push_back(static_cast<float>(generator.below(100)));
  std::vector<float> expected = c;
  for (std::size_t i = 0; i < kM; ++i)
    for (std::size_t j = 0; j < kN; ++j)
      for (std::size_t k = 0; k < kK; ++k) {
        b_transposed[j * kK + k] = b[k * kN + j];
        expected[i * kN + j] += static_cast<float>(a[i * kK + k]) * static_cast<float>(b[k * kN + j]);
      }
  const DeviceArray<T> device_a(a), device_b(b), device_b_transposed(b_transposed);
  constexpr std::size_t kSharedBytes = sizeof(T) * (kM * kK + kK * kN);
  DeviceArray<float> sums(c), sums_transposed(c);
  launch(product<T, false>, 1, 32, kSharedBytes, current_backend(0), sums.data(), device_a.data(), device_b.data());
  launch(product<T, true>, 1, 32, kSharedBytes, current_backend(0), sums_transposed.data(), device_a.data(),
         device_b_transposed.data());
  CHECK(sums.to_vector() == expected);
  CHECK(sums_transposed.to_vector() == expected);
}

__global__ void copy_partly(float* y, const float* x, int bytes) {
  const auto tile = shared_array<float>(0, 4);
  if (thread_in_block() == 0) {
    cp_async_16(tile, x, bytes);
    cp_async_commit();
    cp_async_commit();
    cp_async_wait<1>();
    for (int i = 0; i < 4; ++i) y[i] = tile[i];
  }
}

TEST_CASE("CUDA cp.async: bytes that are not read become zero", "[cuda]") {
  for (const int count : {0, 1, 3, 4}) {
    const DeviceArray<float> x(std::vector<float>{1, 2, 3, 4});
    DeviceArray<float> y(4);
    launch(copy_partly, 1, 32, 16, current_backend(0), y.data(), x.data(), 4 * count);
    std::vector<float> expected{1, 2, 3, 4};
    std::fill(expected.begin() + count, expected.end(), 0.0f);
    CHECK(y.to_vector() == expected);
  }
}

}  // namespace

}  // namespace cuda_tensor_core_test
