// An optimizer's step of one parameter on the device against the CPU's.
#include <tempa/cpu/optimizer.hpp>
#include <tempa/cuda/optimizer.hpp>
#include <tempa/math/adam.hpp>
#include <tempa/math/sgd.hpp>

#include "cuda/against_cpu.hpp"

#include <type_traits>

namespace optimizer_test {

using namespace tempa;
using namespace tempa::test;

namespace {

template <typename Arguments>
using Element = typename std::remove_reference_t<Arguments>::Element;

/// The 16-bit copy of the weights where there is one.
template <typename Arguments>
Element<Arguments>* copy_of(Arguments& a, std::size_t i) {
  return Real<Element<Arguments>> ? nullptr : a.out(i);
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA optimizers: a step gives the CPU's weights, moments and 16-bit copy", "[cuda]", float, double,
                   float16, bfloat16) {
  using T = TestType;
  for (const Index n : {1, 33, 1023}) {
    INFO("n " << n);
    // The copies (1) differ from the weights (0), as if a checkpoint had been loaded.
    const std::vector<Argument> arguments = {
        wide(numbers(n, 1)),         numbers(n, 2), wide(numbers(n, 3, -0.1, 0.1)), wide(numbers(n, 4, 0, 0.1)),
        wide(numbers(n, 5, 0, 0.1)), numbers(n, 6)};
    for (const bool amsgrad : {false, true})
      check_against_cpu<T>(arguments, [&](auto backend, auto& a) {
        using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
        const AdamFormula::Scalars<A> s{A(0.5),   A(0.01),  A(0.99), A(0.9), A(0.1),
                                        A(0.999), A(0.001), A(0.1),  A(1.5), A(1e-8)};
        const Moments<A> moments = {a.wide_out(2), a.wide_out(3), amsgrad ? a.wide_out(4) : nullptr};
        optimizer_step<Element<decltype(a)>, AdamFormula>(backend, a.wide_out(0), copy_of(a, 1), moments, a.in(5), n,
                                                          s);
      });
    for (const bool nesterov : {false, true})
      for (const bool momentum : {false, true})
        check_against_cpu<T>(arguments, [&](auto backend, auto& a) {
          using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
          const SGDFormula::Scalars<A> s{A(-1), A(0.01), A(0.9), A(0.5), A(nesterov ? 1 : 0), A(nesterov ? 0.9 : 1),
                                         A(0.1)};
          const Moments<A> moments = {momentum ? a.wide_out(2) : nullptr};
          optimizer_step<Element<decltype(a)>, SGDFormula>(backend, a.wide_out(0), copy_of(a, 1), moments, a.in(5), n,
                                                           s);
        });
  }
}

}  // namespace optimizer_test
