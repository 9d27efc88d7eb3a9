// The softmax kernels against the CPU's, for sizes on each path and all types.
#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/cuda/launch.hpp>
#include <tempa/device/cuda/runtime.hpp>

#include "cuda/device_array.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

namespace softmax_test {

namespace cuda_softmax_test {

using namespace tempa;

namespace {

/// Numbers that `T` holds exactly, spread over [-4, 4).
template <typename T>
std::vector<T> numbers(Index count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<T> values;
  for (Index i = 0; i < count; ++i) values.push_back(element_cast<T>(8 * generator.uniform() - 4));
  return values;
}

template <typename T>
std::vector<double> wide(const std::vector<T>& values) {
  std::vector<double> result;
  for (const T value : values) result.push_back(element_cast<double>(value));
  return result;
}

/// Largest |a - b| / max(|b|, 1): in units of the last place of `T` near 1.
template <typename T>
double error_ulps(const std::vector<T>& a, const std::vector<double>& b) {
  const double ulp = std::same_as<T, double>     ? 0x1p-52
                     : std::same_as<T, float>    ? 0x1p-23
                     : std::same_as<T, bfloat16> ? 0x1p-7
                                                 : 0x1p-10;
  double largest = 0;
  for (std::size_t i = 0; i < b.size(); ++i)
    largest = std::max(largest, std::abs(element_cast<double>(a[i]) - b[i]) / std::max(std::abs(b[i]), 1.0) / ulp);
  return largest;
}

struct Size {
  Index outer, middle, inner;
};

}  // namespace

TEMPLATE_TEST_CASE("CUDA softmax: all paths give the CPU's numbers, both directions", "[cuda]", float, double, float16,
                   bfloat16) {
  using T = TestType;
  constexpr Index kVector = 16 / sizeof(T);
  const Size sizes[] = {
      {3, 1, 1},    {1, 2, 1},        {9, 31, 1},           {5, 33, 1}, {2, 32 * kVector, 1}, {3, 120 * kVector, 1},
      {2, 1023, 1}, {1, 2 * 1023, 1}, {1, 8 * 1024 + 1, 1}, {2, 7, 3},  {1, 5, 300},          {3, 1, 2},
      {0, 4, 1},    {4, 0, 1}};
  for (const Size& size : sizes) {
    INFO("outer " << size.outer << ", middle " << size.middle << ", inner " << size.inner);
    const Index count = size.outer * size.middle * size.inner;
    const auto x = numbers<T>(count, 1), dy = numbers<T>(count, 2);
    const auto backend = cuda::current_backend(0);
    const test::DeviceArray<T> device_x(x), device_dy(dy);
    test::DeviceArray<T> y(count), dx(count);
    for (const bool log : {false, true}) {
      INFO("log " << log);
      const auto wide_x = wide(x), wide_dy = wide(dy);
      std::vector<double> expected(wide_x.size()), expected_dx(wide_x.size());
      const auto [outer, middle, inner] = size;
      if (log) {
        cuda::log_softmax_forward(backend, y.data(), device_x.data(), outer, middle, inner);
        cuda::log_softmax_backward(backend, dx.data(), device_dy.data(), y.data(), outer, middle, inner);
        cpu::log_softmax_forward(cpu::Backend{}, expected.data(), wide_x.data(), outer, middle, inner);
      } else {
        cuda::softmax_forward(backend, y.data(), device_x.data(), outer, middle, inner);
        cuda::softmax_backward(backend, dx.data(), device_dy.data(), y.data(), outer, middle, inner);
        cpu::softmax_forward(cpu::Backend{}, expected.data(), wide_x.data(), outer, middle, inner);
      }
      const auto got = y.to_vector();
      CHECK(error_ulps(got, expected) <= 4);
      test::DeviceArray<T> again(count);
      if (log) {
        cuda::log_softmax_forward(backend, again.data(), device_x.data(), outer, middle, inner);
      } else {
        cuda::softmax_forward(backend, again.data(), device_x.data(), outer, middle, inner);
      }
      CHECK(wide(again.to_vector()) == wide(got));
      const auto wide_y = wide(got);  // the gradient of what was computed, so that its own error alone is seen
      if (log) {
        cpu::log_softmax_backward(cpu::Backend{}, expected_dx.data(), wide_dy.data(), wide_y.data(), outer, middle,
                                  inner);
      } else {
        cpu::softmax_backward(cpu::Backend{}, expected_dx.data(), wide_dy.data(), wide_y.data(), outer, middle, inner);
      }
      // Sums of n numbers of a few units each, in another order.
      CHECK(error_ulps(dx.to_vector(), expected_dx) <= 4 + 4 * std::sqrt(static_cast<double>(middle)));
    }
  }
}

TEST_CASE("CUDA softmax: rows that no vector load fits", "[cuda]") {
  const auto x = numbers<float>(64 + 1, 3);
  const test::DeviceArray<float> device_x(x);
  test::DeviceArray<float> y(64);
  cuda::softmax_forward(cuda::current_backend(0), y.data(), device_x.data() + 1, 2, 32, 1);
  std::vector<float> expected(64);
  cpu::softmax_forward(cpu::Backend{}, expected.data(), x.data() + 1, 2, 32, 1);
  CHECK(error_ulps(y.to_vector(), wide(expected)) <= 4);
}

TEST_CASE("CUDA softmax: masked scores of -infinity, and a NaN", "[cuda]") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const Index n : {3, 5000}) {
    for (const Index inner : {1, 2}) {
      std::vector<float> x(static_cast<std::size_t>(n * inner), -kInfinity);
      x[0] = x[x.size() - 1] = 1.0f;
      const test::DeviceArray<float> device_x(x);
      test::DeviceArray<float> y(n * inner);
      cuda::softmax_forward(cuda::current_backend(0), y.data(), device_x.data(), 1, n, inner);
      const auto got = y.to_vector();
      CHECK(got[0] == (inner == 1 ? 0.5f : 1.0f));
      CHECK(got[static_cast<std::size_t>(inner)] == 0.0f);
      x[0] = std::numeric_limits<float>::quiet_NaN();
      const test::DeviceArray<float> with_nan(x);
      cuda::softmax_forward(cuda::current_backend(0), y.data(), with_nan.data(), 1, n, inner);
      CHECK(std::isnan(y.to_vector()[0]));
      CHECK(std::isnan(y.to_vector()[static_cast<std::size_t>((n - 1) * inner)]));
    }
  }
}

}  // namespace cuda_softmax_test

}  // namespace softmax_test
