#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace random_test {

using namespace tempa;

TEST_CASE("Philox: the known answers of Random123", "[core]") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(philox(0, 0, 0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  CHECK(philox(kOnes, kOnes, kOnes) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822u, 0x85a308d3243f6a88u, 0x0370734413198a2eu) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Generator: two integers are its whole state", "[core]") {
  Generator a(42);
  for (int i = 0; i < 10; ++i) a.uniform();
  const RandomStream stream = a.reserve(5);
  Generator b(a.seed(), a.block());
  CHECK(a.uniform() == b.uniform());
  CHECK(stream.bits(0) == philox(42, stream.block)[0]);
  CHECK(stream.bits(6) == philox(42, stream.block + 1)[2]);
  CHECK(b.seed() == 42);
}

TEST_CASE("Generator: the moments of uniform and normal numbers are right", "[core]") {
  constexpr int kCount = 200000;
  Generator generator(7);
  double uniform = 0, normal = 0, square = 0;
  for (int i = 0; i < kCount; ++i) {
    uniform += generator.uniform();
    const double x = generator.normal();
    normal += x;
    square += x * x;
  }
  // five standard errors of each mean
  CHECK(std::abs(uniform / kCount - 0.5) < 5 * std::sqrt(1.0 / 12 / kCount));
  CHECK(std::abs(normal / kCount) < 5 * std::sqrt(1.0 / kCount));
  CHECK(std::abs(square / kCount - 1) < 5 * std::sqrt(2.0 / kCount));
}

TEST_CASE("Generator: below is uniform over its range", "[core]") {
  Generator generator(3);
  std::array<int, 7> counts{};
  constexpr int kCount = 70000;
  for (int i = 0; i < kCount; ++i) ++counts[static_cast<std::size_t>(generator.below(7))];
  for (const int count : counts) CHECK(std::abs(count - kCount / 7) < 5 * std::sqrt(kCount / 7.0));
  CHECK_THROWS_AS(generator.below(0), ValueError);
}

TEST_CASE("shuffle: a permutation, the same for the same seed", "[core]") {
  std::vector<int> a(100);
  std::iota(a.begin(), a.end(), 0);
  std::vector<int> b = a;
  const std::vector<int> sorted = a;
  Generator first(5), second(5);
  shuffle(std::span(a), first);
  shuffle(std::span(b), second);
  CHECK(a == b);
  CHECK(a != sorted);
  std::sort(a.begin(), a.end());
  CHECK(a == sorted);
}

TEST_CASE("manual_seed: restarts the default generator", "[core]") {
  manual_seed(11);
  const double first = default_generator().uniform();
  manual_seed(11);
  CHECK(default_generator().uniform() == first);
}

TEST_CASE("Generator: a saved position goes on with the next number, wherever in a block it was", "[core]") {
  for (int drawn = 0; drawn < 9; ++drawn) {
    Generator generator(5);
    for (int i = 0; i < drawn; ++i) generator.bits();
    CHECK(generator.position() == static_cast<std::uint64_t>(drawn));
    Generator other(5);
    other.seek(generator.position());
    for (int i = 0; i < 9; ++i) CHECK(other.bits() == generator.bits());
    CHECK(other.position() == generator.position());
  }
}

}  // namespace random_test
