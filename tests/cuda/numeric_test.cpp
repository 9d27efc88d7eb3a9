// The passes over one array on the device against the CPU's.
#include <tempa/cpu/numeric.hpp>
#include <tempa/cuda/numeric.hpp>

#include "cuda/against_cpu.hpp"

#include <limits>

namespace numeric_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA averages and exchanges give the CPU's", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  for (const Index n : {1, 33, 1023}) {
    INFO("n " << n);
    check_against_cpu<T>({wide(numbers(n, 1)), numbers(n, 2), numbers(n, 3)}, [&](auto backend, auto& a) {
      using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
      average_step(backend, a.wide_out(0), a.in(1), n, A(0.1));
      exchange(backend, a.out(1), a.out(2), n);
    });
  }
}

TEMPLATE_TEST_CASE("CUDA norms of gradients, and which are finite", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  for (const Index n : {0, 1, 1023, 40000}) {
    INFO("n " << n);
    std::vector<T> x;
    for (const double value : numbers(n, 1).values) x.push_back(element_cast<T>(value));
    const DeviceArray<T> device_x(x);
    const double expected = cpu::sum_of_squares(cpu::Backend{}, x.data(), n);
    CHECK(cuda::sum_of_squares(backend, device_x.data(), n) == Approx(expected).epsilon(1e-14));
    CHECK(cuda::sum_of_squares(backend, device_x.data(), n) == cuda::sum_of_squares(backend, device_x.data(), n));
    CHECK(cuda::max_abs(backend, device_x.data(), n) == cpu::max_abs(cpu::Backend{}, x.data(), n));
    for (const float bad : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1.0f}) {
      if (n == 0) continue;
      x[static_cast<std::size_t>(n / 2)] = element_cast<T>(-bad);
      const DeviceArray<T> with_bad(x);
      DeviceArray<std::int32_t> found(std::vector<std::int32_t>{0});
      cuda::find_nonfinite(backend, found.data(), with_bad.data(), n);
      CHECK((found.to_vector()[0] != 0) == !std::isfinite(bad));
      const double largest = cuda::max_abs(backend, with_bad.data(), n);
      CHECK((std::isnan(bad) ? std::isnan(largest) : largest == cpu::max_abs(cpu::Backend{}, x.data(), n)));
    }
  }
}

}  // namespace numeric_test
