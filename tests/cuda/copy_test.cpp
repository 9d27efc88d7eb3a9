// Fills, casts and copies on the device against the CPU's, for all element types.
#include <tempa/cpu/copy.hpp>
#include <tempa/cpu/simd/convert.hpp>
#include <tempa/cuda/copy.hpp>
#include <tempa/device/cuda/convert.hpp>
#include <tempa/device/cuda/fill.hpp>

#include "cuda/against_cpu.hpp"

#include <algorithm>

namespace copy_test {

using namespace tempa;
using namespace tempa::test;

namespace {

/// 0, 1, 2 … modulo 97, which every type holds.
template <typename T>
std::vector<T> counted(Index n) {
  std::vector<T> values;
  for (Index i = 0; i < n; ++i) values.push_back(element_cast<T>(static_cast<std::int32_t>(i % 97)));
  return values;
}

template <typename T>
std::vector<double> doubles(const std::vector<T>& values) {
  std::vector<double> result;
  for (const T value : values) result.push_back(element_cast<double>(value));
  return result;
}

template <typename To, typename From>
void check_cast(const std::vector<From>& values) {
  const Index n = static_cast<Index>(values.size());
  const DeviceArray<From> x(values);
  DeviceArray<To> y(n);
  cuda::cast(cuda::current_backend(0), y.data(), x.data(), n);
  std::vector<To> expected;
  for (const From value : values) expected.push_back(element_cast<To>(value));
  CHECK(doubles(y.to_vector()) == doubles(expected));
}

template <typename From>
void check_casts(const std::vector<From>& values) {
  check_cast<float>(values);
  check_cast<double>(values);
  check_cast<float16>(values);
  check_cast<bfloat16>(values);
  check_cast<std::int32_t>(values);
  check_cast<std::int64_t>(values);
  check_cast<std::uint8_t>(values);
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA copies: fill, rows, transposes and repetitions of every element type", "[cuda]", float, double,
                   float16, bfloat16, std::int32_t, std::int64_t, std::uint8_t) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  for (const Index n : {0, 1, 33, 1023}) {
    DeviceArray<T> y(counted<T>(n + 2));
    cuda::fill(backend, y.data() + 1, element_cast<T>(std::int32_t{101}), n);
    auto expected = counted<T>(n + 2);
    std::fill_n(expected.begin() + 1, n, element_cast<T>(std::int32_t{101}));
    CHECK(doubles(y.to_vector()) == doubles(expected));
  }
  struct Rows {
    Index y_stride, x_stride, rows, width;
  };
  for (const Rows& c :
       {Rows{16, 32, 5, 16}, Rows{7, 9, 4, 5}, Rows{32, 16, 3, 16}, Rows{1, 1, 33, 1}, Rows{8, 8, 0, 8}}) {
    const auto x = counted<T>(c.x_stride * c.rows);
    auto expected = std::vector<T>(static_cast<std::size_t>(c.y_stride * c.rows), T{});
    const DeviceArray<T> device_x(x);
    DeviceArray<T> y(expected);
    cuda::copy_rows(backend, y.data(), c.y_stride, device_x.data(), c.x_stride, c.rows, c.width);
    cpu::copy_rows(cpu::Backend{}, expected.data(), c.y_stride, x.data(), c.x_stride, c.rows, c.width);
    CHECK(doubles(y.to_vector()) == doubles(expected));
  }
  struct View {
    std::vector<std::pair<Index, Index>> dimensions;  // size and stride in x
  };
  for (const View& view :
       {View{{{33, 1}, {65, 33}}}, View{{{2, 35 * 3}, {35, 1}, {3, 35}}}, View{{{4, 0}, {16, 1}}},
        View{{{3, 7}, {5, 0}, {7, 1}}}, View{{{3, 1}, {2, 0}, {5, 3}}}, View{{{6, 5}, {4, 30}, {5, 1}}},
        View{{{4, 16}, {7, 64}, {16, 1}}}, View{{{3, 40}, {4, 10}, {2, 5}}}, View{{}}, View{{{0, 1}}}}) {
    LoopNest<1> nest;
    Index n = 1, extent = 1;
    for (const auto& [size, stride] : view.dimensions) {
      nest.push_back(size, {stride});
      n *= size;
      extent += size > 0 ? (size - 1) * stride : 0;
    }
    INFO(view.dimensions.size() << " dimensions, " << n << " elements");
    const auto x = counted<T>(extent);
    const DeviceArray<T> device_x(x);
    DeviceArray<T> y(n);
    std::vector<T> expected(static_cast<std::size_t>(n));
    cuda::copy_nest(backend, y.data(), device_x.data(), nest, n);
    cpu::copy_nest(cpu::Backend{}, expected.data(), x.data(), nest, n);
    CHECK(doubles(y.to_vector()) == doubles(expected));
  }
}

TEST_CASE("CUDA casts: all pairs of types, rounding and overflow as on the CPU", "[cuda]") {
  check_casts(counted<float>(133));
  check_casts(counted<double>(133));
  check_casts(counted<float16>(133));
  check_casts(counted<bfloat16>(133));
  check_casts(counted<std::int32_t>(133));
  check_casts(counted<std::int64_t>(133));
  check_casts(counted<std::uint8_t>(133));
  Generator generator(5);
  std::vector<float> values{1e30f, -1e30f, 65504.0f, 65519.0f, 65520.0f, 1e-7f, 6e-8f, -0.0f, HUGE_VALF, 1.00390625f};
  for (Index i = 0; i < 500; ++i)
    values.push_back(static_cast<float>(std::ldexp(generator.normal(), static_cast<int>(i % 40) - 20)));
  check_cast<float16>(values);
  check_cast<bfloat16>(values);
  std::vector<double> more(values.begin(), values.end());
  check_cast<float>(more);
  check_cast<bfloat16>(more);
}

TEMPLATE_TEST_CASE("CUDA copies: sums into rows, a row under all rows, rows of another type", "[cuda]", float, double,
                   float16, bfloat16) {
  using T = TestType;
  for (const Index width : {1, 5, 16}) {
    check_against_cpu<T>(
        {numbers(4 * 20, 1), numbers(4 * 24, 2), numbers(4 * width, 3), numbers(width, 4), wide(numbers(4 * 24, 5))},
        [&](auto backend, auto& a) {
          add_rows(backend, a.out(0), Index{20}, a.in(1), Index{24}, Index{4}, width);
          broadcast_rows(backend, a.out(2), a.in(3), Index{4}, width);
          convert_rows(backend, a.wide_out(4), Index{24}, a.in(0), Index{20}, Index{4}, width);
          convert(backend, a.out(1), a.wide_in(4), Index{50});
        });
  }
}

}  // namespace copy_test
