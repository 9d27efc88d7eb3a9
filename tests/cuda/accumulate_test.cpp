// Sums of gradients, and factors on them, on the device against the CPU's.
#include <tempa/cpu/accumulate.hpp>
#include <tempa/cuda/accumulate.hpp>

#include "cuda/against_cpu.hpp"

namespace accumulate_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA: sums and scaling are the CPU's", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  for (const Index n : {0, 1, 31, 33, 1023}) {
    check_against_cpu<T>({numbers(n, 1), numbers(n, 2), numbers(n, 3)}, [n](auto backend, auto& a) {
      accumulate(backend, a.out(0), a.in(1), n);
      scale_in_place(backend, a.out(2), n, 0.3f);
    });
  }
}

}  // namespace accumulate_test
