// Sums of gradients, dropout and choices by a mask on the device against the CPU's.
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cpu/dropout.hpp>
#include <tempa/cpu/where.hpp>
#include <tempa/cuda/accumulate.hpp>

#include "cuda/against_cpu.hpp"

namespace accumulate_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA: sums, scaling, dropout and choices by a mask are the CPU's", "[cuda]", float, double, float16,
                   bfloat16) {
  using T = TestType;
  for (const Index n : {0, 1, 31, 33, 1023}) {
    check_against_cpu<T>({numbers(n, 1), numbers(n, 2), numbers(n, 3)}, [n](auto backend, auto& a) {
      accumulate(backend, a.out(0), a.in(1), n);
      scale_in_place(backend, a.out(2), n, 0.3f);
    });
    for (const double drop_prob : {0.0, 0.1, 0.9, 1.0})
      check_against_cpu<T>({numbers(n, 1), numbers(n, 2), at_offset(numbers(n, 3)), at_offset(numbers(n, 4))},
                           [=](auto backend, auto& a) {
                             const RandomStream stream{42, (std::uint64_t{1} << 32) - 3};
                             dropout_apply(backend, a.out(0), a.in(1), n, drop_prob, stream);
                             dropout_apply(backend, a.out(2), a.in(3), n, drop_prob, stream);
                           });
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

}  // namespace accumulate_test
