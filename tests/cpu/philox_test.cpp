#include <tempa/cpu/simd/philox.hpp>

#include "support/catch.hpp"

#include <vector>

namespace philox_test {

using namespace tempa;

TEST_CASE("Philox in bulk: the same bits as one by one, wherever the range begins", "[cpu]") {
  const std::uint64_t first_block =
      GENERATE(0u, 5u, 0xfffffff8u, 0xfffffffffffffff8u);  // counters that carry, and wrap
  const Index block = GENERATE(0, 3), count = GENERATE(1, 64, 65, 1000);
  const RandomStream stream{0x123456789abcdef0u, first_block};
  constexpr std::uint32_t kUntouched = 0xdeadbeefu;
  const auto written =
      static_cast<std::size_t>((count + cpu::kBitsGranule - 1) / cpu::kBitsGranule * cpu::kBitsGranule);
  std::vector<std::uint32_t> bits(written + 8, kUntouched);
  cpu::fill_bits(bits.data(), stream, block, count);
  Index wrong = 0;
  for (Index i = 0; i < count; ++i)
    wrong += bits[static_cast<std::size_t>(i)] != stream.bits(static_cast<std::uint64_t>(4 * block + i));
  CHECK(wrong == 0);
  for (std::size_t i = written; i < bits.size(); ++i) CHECK(bits[i] == kUntouched);
}

}  // namespace philox_test
