// The float functions against the standard library's double ones, over floats of every magnitude.
#include "support/catch.hpp"

#include <tempa/math/elementary.hpp>
#include <tempa/math/gelu.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

namespace accuracy_test {

using namespace tempa;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kLargest = std::numeric_limits<float>::max();

/// A function, its exact counterpart, where it is scanned, and the largest error in units in the last place.
struct Scan {
  std::string name;
  float (*function)(float);
  double (*exact)(double);
  float low, high;
  double bound;
};

/// Distance from the float nearest to |y| to the next one; that of the subnormals at least.
double unit_in_last_place(double y) {
  const float magnitude = std::min(std::abs(static_cast<float>(y)), kLargest);
  const float next = std::nextafter(magnitude, kInfinity);
  return next == kInfinity ? 0x1p104 : static_cast<double>(next) - static_cast<double>(magnitude);
}

}  // namespace

TEST_CASE("Float functions are within their stated units in the last place of the exact value", "[math]") {
  const Scan scans[] = {
      {"exp", [](float x) { return math::exp(x); }, [](double x) { return std::exp(x); }, -kLargest, 88.722f, 1.5},
      {"expm1", [](float x) { return math::expm1(x); }, [](double x) { return std::expm1(x); }, -kLargest, 88, 2.5},
      {"sigmoid", [](float x) { return math::sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); }, -kLargest,
       kLargest, 3},
      {"tanh", [](float x) { return math::tanh(x); }, [](double x) { return std::tanh(x); }, -kLargest, kLargest, 3},
      {"erf", [](float x) { return math::erf(x); }, [](double x) { return std::erf(x); }, -kLargest, kLargest, 3},
      {"log", [](float x) { return math::log(x); }, [](double x) { return std::log(x); }, 0x1p-149f, kLargest, 1.5},
      {"log1p_unit", [](float x) { return math::log1p_unit(x); }, [](double x) { return std::log1p(x); }, 0, 1, 2.5},
      {"normal distribution", [](float x) { return math::normal(x).cdf; },
       [](double x) { return 0.5 * std::erfc(-x * std::sqrt(0.5)); }, -kLargest, kLargest, 7},
      {"normal density", [](float x) { return math::normal(x).pdf; },
       [](double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::acos(-1.0)); }, -kLargest, kLargest, 4},
  };
  constexpr std::uint32_t kStep = 4093;  // a prime, so that all low bits occur
  for (const Scan& scan : scans) {
    double worst = 0;
    float where = 0;
    std::int64_t count = 0;
    for (std::uint64_t bits = 0; bits <= UINT32_MAX; bits += kStep) {
      const auto x = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
      if (!(x >= scan.low && x <= scan.high)) continue;
      const double exact = scan.exact(static_cast<double>(x));
      const double error = std::abs(static_cast<double>(scan.function(x)) - exact) / unit_in_last_place(exact);
      ++count;
      if (error <= worst) continue;
      worst = error;
      where = x;
    }
    INFO(scan.name << " errs most at " << where << " of " << count << " floats");
    CHECK(count > 100000);
    CHECK(worst <= scan.bound);
  }
}

TEST_CASE("Float functions at infinity, NaN, zero and where they saturate", "[math]") {
  struct Point {
    std::string name;
    float actual, expected;
  };
  const Point points[] = {
      {"exp(infinity)", math::exp(kInfinity), kInfinity},
      {"exp(-infinity)", math::exp(-kInfinity), 0},
      {"exp(NaN)", math::exp(kNan), kNan},
      {"exp(0)", math::exp(0.0f), 1},
      {"exp above the range", math::exp(88.73f), kInfinity},
      {"exp of the smallest result", math::exp(-103.5f), 0x1p-149f},
      {"exp below the range", math::exp(-104.5f), 0},
      {"expm1(-infinity)", math::expm1(-kInfinity), -1},
      {"expm1(NaN)", math::expm1(kNan), kNan},
      {"expm1 of a subnormal", math::expm1(0x1p-140f), 0x1p-140f},
      {"sigmoid(infinity)", math::sigmoid(kInfinity), 1},
      {"sigmoid(-infinity)", math::sigmoid(-kInfinity), 0},
      {"sigmoid(NaN)", math::sigmoid(kNan), kNan},
      {"sigmoid(0)", math::sigmoid(0.0f), 0.5f},
      {"tanh(infinity)", math::tanh(kInfinity), 1},
      {"tanh(-infinity)", math::tanh(-kInfinity), -1},
      {"tanh(NaN)", math::tanh(kNan), kNan},
      {"tanh of a subnormal", math::tanh(0x1p-140f), 0x1p-140f},
      {"erf(infinity)", math::erf(kInfinity), 1},
      {"erf(-infinity)", math::erf(-kInfinity), -1},
      {"erf(NaN)", math::erf(kNan), kNan},
      {"erf(0)", math::erf(0.0f), 0},
      {"log(0)", math::log(0.0f), -kInfinity},
      {"log(-0)", math::log(-0.0f), -kInfinity},
      {"log(1)", math::log(1.0f), 0},
      {"log(-1)", math::log(-1.0f), kNan},
      {"log(-infinity)", math::log(-kInfinity), kNan},
      {"log(infinity)", math::log(kInfinity), kInfinity},
      {"log(NaN)", math::log(kNan), kNan},
      {"Phi(0)", math::normal(0.0f).cdf, 0.5f},
      {"Phi(-infinity)", math::normal(-kInfinity).cdf, 0},
      {"Phi(infinity)", math::normal(kInfinity).cdf, 1},
      {"Phi(NaN)", math::normal(kNan).cdf, kNan},
      {"phi(infinity)", math::normal(kInfinity).pdf, 0},
      {"phi(NaN)", math::normal(kNan).pdf, kNan},
  };
  for (const Point& point : points) {
    INFO(point.name << " is " << point.actual << " and must be " << point.expected);
    CHECK((point.actual == point.expected || (std::isnan(point.actual) && std::isnan(point.expected))));
  }
}

}  // namespace accuracy_test
