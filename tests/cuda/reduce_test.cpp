// Sums and maxima on the device against the CPU's.
#include <tempa/cpu/reduce.hpp>
#include <tempa/cuda/reduce.hpp>

#include "cuda/against_cpu.hpp"

#include <limits>

namespace reduce_test {

using namespace tempa;
using namespace tempa::test;

namespace {

struct Size {
  Index outer, middle, inner;
};

constexpr Size kSizes[] = {
    {1, 1, 1}, {3, 31, 1}, {2, 33, 5}, {1, 1023, 2}, {1, 300, 64}, {5, 3, 40}, {2, 16384 * 2 + 7, 1},
    {3, 0, 2}, {3, 0, 1},  {0, 4, 3},  {1, 90, 300}};

}  // namespace

TEMPLATE_TEST_CASE("CUDA sums: rows, columns and their gradients are the CPU's", "[cuda]", float, double, float16,
                   bfloat16) {
  for (const auto& [outer, middle, inner] : kSizes) {
    INFO(outer << " x " << middle << " x " << inner);
    const Index n = outer * middle * inner;
    check_against_cpu<TestType>({numbers(outer * inner, 1), numbers(n, 2, 0, 2), numbers(n, 3), numbers(inner, 4)},
                                [&, o = outer, m = middle, i = inner](auto backend, auto& a) {
                                  using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
                                  sum_forward(backend, a.out(0), a.in(1), o, m, i, A(0.3));
                                  sum_backward(backend, a.out(2), a.in(0), o, m, i, A(0.7));
                                  column_sum_accumulate(backend, a.out(3), a.in(1), o * m, i);
                                });
  }
  check_against_cpu<TestType>({numbers(1, 1), at_offset(numbers(64, 2)), numbers(16, 3)}, [](auto backend, auto& a) {
    using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
    sum_forward(backend, a.out(0), a.in(1), Index{1}, Index{64}, Index{1}, A(1));
    column_sum_accumulate(backend, a.out(2), a.in(1), Index{4}, Index{16});
  });
}

TEMPLATE_TEST_CASE("CUDA maxima: values, first places, NaN, and gradients are the CPU's", "[cuda]", float, double,
                   float16, bfloat16) {
  using T = TestType;
  for (const auto& [outer, middle, inner] : kSizes) {
    if (middle == 0 || middle > 2000) continue;
    for (const bool with_nan : {false, true}) {
      INFO(outer << " x " << middle << " x " << inner << (with_nan ? ", NaN" : ""));
      const Index n = outer * middle * inner;
      Generator generator(7);
      std::vector<T> x, dy;
      for (Index i = 0; i < n; ++i)  // many are equal
        x.push_back(element_cast<T>(static_cast<float>(generator.below(5)) - 9));
      if (with_nan && n > 3)
        x[2] = x[static_cast<std::size_t>(n - 1)] = element_cast<T>(std::numeric_limits<float>::quiet_NaN());
      for (Index i = 0; i < outer * inner; ++i) dy.push_back(element_cast<T>(static_cast<float>(i % 7)));
      const DeviceArray<T> device_x(x), device_dy(dy);
      DeviceArray<T> y(outer * inner), dx(n);
      DeviceArray<Index> where(outer * inner);
      const auto backend = cuda::current_backend(0);
      cuda::max_forward(backend, y.data(), where.data(), device_x.data(), outer, middle, inner);
      cuda::max_backward(backend, dx.data(), device_dy.data(), where.data(), outer, middle, inner);
      std::vector<T> expected(dy.size()), expected_dx(x.size());
      std::vector<Index> places(dy.size());
      cpu::max_forward(cpu::Backend{}, expected.data(), places.data(), x.data(), outer, middle, inner);
      cpu::max_backward(cpu::Backend{}, expected_dx.data(), dy.data(), std::as_const(places).data(), outer, middle,
                        inner);
      CHECK(where.to_vector() == places);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const double a = element_cast<double>(y.to_vector()[i]), e = element_cast<double>(expected[i]);
        CHECK((a == e || (std::isnan(a) && std::isnan(e))));
      }
      const auto got = dx.to_vector();
      CHECK(std::equal(got.begin(), got.end(), expected_dx.begin(),
                       [](T a, T b) { return element_cast<double>(a) == element_cast<double>(b); }));
    }
  }
}

}  // namespace reduce_test
