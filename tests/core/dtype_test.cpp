#include <tempa/core/dtype.hpp>

#include "support/catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace dtype_test {

using namespace tempa;

namespace {

/// The value of a binary16 or bfloat16 pattern, from the definition of the format.
double decode(std::uint32_t bits, int fraction_bits, int exponent_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto fraction = static_cast<double>(bits & ((1u << fraction_bits) - 1));
  const int exponent = static_cast<int>((bits >> fraction_bits) & ((1u << exponent_bits) - 1));
  const double sign = bits >> (fraction_bits + exponent_bits) ? -1.0 : 1.0;
  if (exponent == (1 << exponent_bits) - 1)
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(1.0 + std::ldexp(fraction, -fraction_bits), exponent - bias);
}

template <typename Half>
void check_all_patterns(int fraction_bits, int exponent_bits) {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const double expected = decode(bits, fraction_bits, exponent_bits);
    const auto value = static_cast<float>(Half::from_bits(static_cast<std::uint16_t>(bits)));
    if (std::isnan(expected)) {
      wrong += !std::isnan(value) || !std::isnan(static_cast<float>(Half(value)));
    } else {
      wrong += static_cast<double>(value) != expected || Half(value).bits != bits;
    }
  }
  CHECK(wrong == 0);
}

/// Every float between two neighbours must go to the nearer one, a tie to the even one.
template <typename Half>
void check_rounding() {
  int wrong = 0;
  for (std::uint16_t bits = 0; bits < 0x7b00; bits = static_cast<std::uint16_t>(bits + 7)) {
    const auto next = static_cast<std::uint16_t>(bits + 1);
    const auto low = static_cast<float>(Half::from_bits(bits)), high = static_cast<float>(Half::from_bits(next));
    if (!std::isfinite(high)) break;
    const float middle = low + (high - low) / 2;
    wrong += Half(middle).bits != (bits % 2 == 0 ? bits : next);
    wrong += Half(std::nextafter(middle, high)).bits != next;
    wrong += Half(std::nextafter(middle, low)).bits != bits;
    wrong += Half(-middle).bits != ((bits % 2 == 0 ? bits : next) | 0x8000);
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("16-bit floats: every pattern has the value of its format and survives the way through float", "[core]") {
  check_all_patterns<float16>(10, 5);
  check_all_patterns<bfloat16>(7, 8);
}

TEST_CASE("16-bit floats: rounding goes to the nearest, ties to even", "[core]") {
  check_rounding<float16>();
  check_rounding<bfloat16>();
}

TEST_CASE("float16: what is too large becomes infinite", "[core]") {
  CHECK(float16(65504.0f).bits == 0x7bff);
  CHECK(float16(65519.0f).bits == 0x7bff);
  CHECK(float16(65520.0f).bits == 0x7c00);
  CHECK(float16(-1e30f).bits == 0xfc00);
  CHECK(float16(std::ldexp(1.0f, -25)).bits == 0);
  CHECK(float16(std::ldexp(1.5f, -25)).bits == 1);
}

TEST_CASE("element_cast: every pair of types converts", "[core]") {
  CHECK(element_cast<std::int32_t>(3.75) == 3);
  CHECK(element_cast<float>(bfloat16(1.5f)) == 1.5f);
  CHECK(element_cast<double>(float16(-0.25f)) == -0.25);
  CHECK(element_cast<bfloat16>(std::int64_t{7}).bits == bfloat16(7.0f).bits);
  CHECK(element_cast<float16>(bfloat16(2.0f)).bits == float16(2.0f).bits);
  CHECK(to_string(dtype_of<bfloat16>) == "bfloat16");
}

}  // namespace dtype_test
