// The formulas far out, where a factor is zero and the other infinite, and in double.
#include "support/catch.hpp"

#include <tempa/math/activation.hpp>
#include <tempa/math/arithmetic.hpp>
#include <tempa/math/elementary.hpp>
#include <tempa/math/gelu.hpp>

#include <cmath>
#include <limits>
#include <string>

namespace formula_test {

using namespace tempa;

namespace {

/// f and df at both infinities and NaN for a function that goes to 0 on the left and to x on the right.
template <typename T, typename Formula>
void check_gate(const std::string& name, Formula formula) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();
  constexpr T kLargest = std::numeric_limits<T>::max();
  INFO(name << " in " << sizeof(T) * 8 << " bits");
  CHECK(formula.f(-kInfinity) == T(0));
  CHECK(formula.f(-kLargest) == T(0));
  CHECK(formula.f(T(0)) == formula.f(T(-0.0)));
  CHECK(formula.f(kLargest) == kLargest);
  CHECK(formula.f(kInfinity) == kInfinity);
  CHECK(std::isnan(formula.f(kNan)));
  CHECK(formula.df(-kInfinity) == T(0));
  CHECK(formula.df(-kLargest) == T(0));
  CHECK(formula.df(kLargest) == T(1));
  CHECK(formula.df(kInfinity) == T(1));
  CHECK(std::isnan(formula.df(kNan)));
}

}  // namespace

TEMPLATE_TEST_CASE("Gated activations go to zero, to x, or stay NaN", "[math]", float, double) {
  check_gate<TestType>("gelu", math::Gelu{});
  check_gate<TestType>("gelu_tanh", math::GeluTanh{});
  check_gate<TestType>("silu", math::Silu{});
  check_gate<TestType>("softplus", math::Softplus{});
}

TEMPLATE_TEST_CASE("Kinks and ties have the gradient that PyTorch gives them", "[math]", float, double) {
  constexpr TestType kZero = 0, kOne = 1, kHalf = TestType(0.5);
  constexpr TestType kNan = std::numeric_limits<TestType>::quiet_NaN();
  CHECK(math::Relu::df(math::Relu::f(kZero)) == kZero);
  CHECK(std::isnan(math::Relu::f(kNan)));
  CHECK(math::LeakyRelu<TestType>{kHalf}.df(kZero) == kHalf);
  CHECK(math::Abs::df(kZero) == kZero);
  CHECK(math::Abs::df(-kOne) == -kOne);
  CHECK(math::Maximum::dfa(kOne, kOne) == kHalf);
  CHECK(math::Maximum::dfb(kOne, kOne) == kHalf);
  CHECK(math::Minimum::dfa(kOne, kOne) == kHalf);
  CHECK(math::Minimum::dfb(kOne, kOne) == kHalf);
  for (const auto& [a, b] : {std::pair{kNan, kOne}, std::pair{kOne, kNan}, std::pair{kNan, kNan}}) {
    CHECK(std::isnan(math::Maximum::f(a, b)));
    CHECK(std::isnan(math::Minimum::f(a, b)));
  }
}

TEMPLATE_TEST_CASE("Choices by mask keep every bit", "[math]", float, double) {
  constexpr TestType kInfinity = std::numeric_limits<TestType>::infinity();
  CHECK(std::signbit(math::select(true, TestType(-0.0), TestType(1))));
  CHECK(math::select(false, TestType(2), kInfinity) == kInfinity);
  CHECK(math::clamp(TestType(3), TestType(-1), TestType(1)) == TestType(1));
  CHECK(math::clamp(-kInfinity, TestType(-1), TestType(1)) == TestType(-1));
  CHECK(std::isnan(math::clamp(std::numeric_limits<TestType>::quiet_NaN(), TestType(-1), TestType(1))));
  CHECK_FALSE(std::signbit(math::magnitude(TestType(-0.0))));
  CHECK(math::with_sign(TestType(-2), TestType(5)) == TestType(2));
  CHECK(math::with_sign(TestType(2), TestType(-0.0)) == TestType(-2));
}

}  // namespace formula_test
