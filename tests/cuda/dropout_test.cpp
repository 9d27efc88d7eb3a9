// Dropout on the device against the CPU's.
#include <tempa/cpu/dropout.hpp>
#include <tempa/cuda/dropout.hpp>

#include "cuda/against_cpu.hpp"

namespace dropout_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA: dropout is the CPU's", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  for (const Index n : {0, 1, 31, 33, 1023}) {
    for (const double drop_prob : {0.0, 0.1, 0.9, 1.0})
      check_against_cpu<T>({numbers(n, 1), numbers(n, 2), at_offset(numbers(n, 3)), at_offset(numbers(n, 4))},
                           [=](auto backend, auto& a) {
                             const RandomStream stream{42, (std::uint64_t{1} << 32) - 3};
                             dropout_apply(backend, a.out(0), a.in(1), n, drop_prob, stream);
                             dropout_apply(backend, a.out(2), a.in(3), n, drop_prob, stream);
                           });
  }
}

}  // namespace dropout_test
