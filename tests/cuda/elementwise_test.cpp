// The elementwise kernels against the CPU's: every formula, every type, odd sizes, pointers that no vector load fits.
#include <tempa/cpu/elementwise.hpp>
#include <tempa/cuda/elementwise.hpp>
#include <tempa/math/activation.hpp>
#include <tempa/math/arithmetic.hpp>
#include <tempa/math/elementary.hpp>
#include <tempa/math/gelu.hpp>
#include <tempa/math/loss.hpp>

#include "cuda/against_cpu.hpp"

#include <type_traits>

namespace elementwise_test {

using namespace tempa;
using namespace tempa::test;

namespace {

template <typename Arguments>
using AccumulatorOf = Accumulator<typename std::remove_reference_t<Arguments>::Element>;

/// @param make a callable that makes the formula for numbers of the type of its argument.
template <typename T, typename Make>
void check_unary(double low, double high, const Make& make) {
  const auto check = [&](const Argument& y, const Argument& x) {
    const auto n = static_cast<Index>(y.values.size()) - y.offset;
    check_against_cpu<T>({y, x, numbers(n, 3), numbers(n, 4)}, [&](auto backend, auto& a) {
      const auto formula = make(AccumulatorOf<decltype(a)>{});
      unary_forward(backend, a.out(0), a.in(1), n, formula);
      unary_backward(backend, a.out(2), a.in(3), a.in(1), n, formula);
    });
  };
  for (const Index n : {1, 31, 1023}) check(numbers(n, 1), numbers(n, 2, low, high));
  check(at_offset(numbers(33, 1)), at_offset(numbers(33, 2, low, high)));
}

/// The shapes that are broadcast to each other.
struct Pair {
  Shape a, b;
};

template <typename T, typename Formula>
void check_binary(Formula formula) {
  const Pair pairs[] = {{{1}, {1}},          {{1023}, {1023}}, {{3, 33}, {33}},     {{5, 16}, {5, 1}}, {{3, 16}, {16}},
                        {{2, 1, 8}, {3, 1}}, {{1}, {31}},      {{2, 3, 4}, {3, 1}}, {{0}, {1}}};
  for (const Pair& pair : pairs) {
    INFO(pair.a << " and " << pair.b);
    const Shape shape = broadcast_shape("test", pair.a, pair.b);
    const auto nest = broadcast_nest(shape, pair.a, pair.b);
    const Index n = shape.numel();
    const auto a = numbers(pair.a.numel(), 1), b = numbers(pair.b.numel(), 2, 0.5, 2);
    check_against_cpu<T>(
        {numbers(n, 3), a, b, numbers(n, 4), numbers(n, 5), numbers(n, 6)}, [&](auto backend, auto& in) {
          binary_forward(backend, in.out(0), in.in(1), in.in(2), nest, n, formula);
          binary_backward(backend, in.out(3), in.out(4), in.in(5), in.in(1), in.in(2), nest, n, formula);
          binary_backward(backend, in.out(3), decltype(in.out(0)){}, in.in(5), in.in(1), in.in(2), nest, n, formula);
        });
  }
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA elementwise: activations give the CPU's numbers", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  check_unary<T>(-4, 4, [](auto) { return math::Relu{}; });
  check_unary<T>(-4, 4, []<typename A>(A) { return math::LeakyRelu<A>{A(0.01)}; });
  check_unary<T>(-4, 4, [](auto) { return math::Tanh{}; });
  check_unary<T>(-4, 4, [](auto) { return math::Sigmoid{}; });
  check_unary<T>(-9, 9, [](auto) { return math::Silu{}; });
  check_unary<T>(-9, 9, [](auto) { return math::Softplus{}; });
  check_unary<T>(-9, 9, [](auto) { return math::Gelu{}; });
  check_unary<T>(-9, 9, [](auto) { return math::GeluTanh{}; });
}

TEMPLATE_TEST_CASE("CUDA elementwise: elementary functions give the CPU's numbers", "[cuda]", float, double, float16,
                   bfloat16) {
  using T = TestType;
  check_unary<T>(-4, 4, [](auto) { return math::Exp{}; });
  check_unary<T>(0.1, 9, [](auto) { return math::Log{}; });
  check_unary<T>(-4, 4, [](auto) { return math::Erf{}; });
  check_unary<T>(0.1, 9, [](auto) { return math::Sqrt{}; });
  check_unary<T>(-4, 4, [](auto) { return math::Square{}; });
  check_unary<T>(-4, 4, [](auto) { return math::Abs{}; });
  check_unary<T>(-4, 4, []<typename A>(A) { return math::AddConstant<A>{A(0.3)}; });
  check_unary<T>(-4, 4, []<typename A>(A) { return math::SubtractFromConstant<A>{A(0.3)}; });
  check_unary<T>(-4, 4, []<typename A>(A) { return math::MultiplyByConstant<A>{A(0.3)}; });
  check_unary<T>(-4, 4, []<typename A>(A) { return math::DivideByConstant<A>{A(0.3)}; });
  check_unary<T>(0.1, 9, []<typename A>(A) { return math::DivideConstant<A>{A(0.3)}; });
}

TEMPLATE_TEST_CASE("CUDA elementwise: functions of two operands that are broadcast give the CPU's numbers", "[cuda]",
                   float, double, float16, bfloat16) {
  check_binary<TestType>(math::Add{});
  check_binary<TestType>(math::Subtract{});
  check_binary<TestType>(math::Multiply{});
  check_binary<TestType>(math::Divide{});
  check_binary<TestType>(math::Maximum{});
  check_binary<TestType>(math::Minimum{});
  if constexpr (Real<TestType>) check_binary<TestType>(math::BceWithLogits{});
}

}  // namespace elementwise_test
