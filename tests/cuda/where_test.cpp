// Choices by a mask on the device against the CPU's.
#include <tempa/cpu/where.hpp>
#include <tempa/cuda/where.hpp>

#include "cuda/against_cpu.hpp"

namespace where_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA: choices by a mask are the CPU's", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  for (const Index n : {0, 1, 31, 33, 1023}) {
    std::vector<std::uint8_t> mask;
    for (Index i = 0; i < n; ++i) mask.push_back(static_cast<std::uint8_t>(i * i % 3));
    const DeviceArray<std::uint8_t> device_mask(mask);
    check_against_cpu<T>({numbers(n, 1), numbers(n, 2), numbers(n, 3), numbers(n, 4), numbers(n, 5), numbers(n, 6)},
                         [&](auto backend, auto& a) {
                           const std::uint8_t* which = mask.data();
                           if constexpr (std::same_as<decltype(backend), cuda::Backend>) which = device_mask.data();
                           where_forward(backend, a.out(0), which, a.in(1), a.in(2), n);
                           where_backward(backend, a.out(3), a.out(4), a.in(2), which, n);
                           where_backward(backend, a.out(5), decltype(a.out(0)){}, a.in(2), which, n);
                         });
  }
}

}  // namespace where_test
