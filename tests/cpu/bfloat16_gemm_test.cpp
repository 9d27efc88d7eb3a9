// The AVX512-BF16 products at every remainder of a tile, which `gemm` gives to oneDNN where that is faster.
#include "support/catch.hpp"

#include <tempa/core/random.hpp>
#include <tempa/cpu/gemm/bfloat16_gemm.hpp>
#include <tempa/tensor/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace bfloat16_gemm_test {

using namespace tempa;

#if defined(__x86_64__)

namespace {

bool is_absent() {
  if (cpu::detail::has_avx512_bf16()) return false;
  WARN("skipped: this processor has no AVX512-BF16");
  return true;
}

/// Values of about 1, or small integers whose sums are exact.
std::vector<bfloat16> values(Index count, std::uint64_t seed, bool are_integers) {
  Generator generator(seed);
  std::vector<bfloat16> result(static_cast<std::size_t>(count));
  for (bfloat16& value : result)
    value =
        bfloat16(are_integers ? static_cast<float>(generator.below(7) - 3) : static_cast<float>(generator.normal()));
  return result;
}

std::vector<std::uint16_t> bits(const std::vector<bfloat16>& x) {
  std::vector<std::uint16_t> result;
  for (const bfloat16 value : x) result.push_back(value.bits);
  return result;
}

}  // namespace

TEST_CASE("AVX512-BF16 products of every form equal plain loops, rounded once, and write nothing beside", "[cpu]") {
  if (is_absent()) return;
  for (const Index m : {1, 2, 3, 4, 5, 6, 7, 13, 97})
    for (const Index n : {1, 15, 16, 33, 64, 65, 130})
      for (const Index k : {1, 2, 31, 32, 35, 66})
        for (const int form : {0, 1, 2, 3, 4, 5, 6, 7}) {
          const bool ta = (form & 1) != 0, tb = (form & 2) != 0, accumulates = (form & 4) != 0;
          const Index lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 5, ldc = n + 2;
          const auto a = values((ta ? k : m) * lda - 3, 1, true), b = values((tb ? n : k) * ldb - 5, 2, true);
          auto c = values(m * ldc, 3, true);
          auto expected = c;
          for (Index i = 0; i < m; ++i)
            for (Index j = 0; j < n; ++j) {
              auto& to = expected[static_cast<std::size_t>(i * ldc + j)];
              float sum = accumulates ? static_cast<float>(to) : 0.0f;
              for (Index p = 0; p < k; ++p)
                sum += static_cast<float>(a[static_cast<std::size_t>(ta ? p * lda + i : i * lda + p)]) *
                       static_cast<float>(b[static_cast<std::size_t>(tb ? j * ldb + p : p * ldb + j)]);
              to = bfloat16(sum);
            }
          cpu::detail::avx512_bfloat16_gemm(ta, tb, m, n, k, a.data(), lda, b.data(), ldb, accumulates, c.data(), ldc);
          if (bits(c) != bits(expected)) FAIL("m " << m << " n " << n << " k " << k << " form " << form);
        }
}

TEST_CASE("AVX512-BF16 products have the same bits for any number of threads", "[cpu]") {
  if (is_absent()) return;
  const int before = num_threads();
  const Index m = 211, n = 300, k = 333;
  const auto a = values(m * k, 1, false), b = values(k * n, 2, false);
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      std::vector<std::uint16_t> expected;
      for (const int threads : {1, 2, 3, 7}) {
        set_num_threads(threads);
        std::vector<bfloat16> c(static_cast<std::size_t>(m * n));
        cpu::detail::avx512_bfloat16_gemm(ta, tb, m, n, k, a.data(), ta ? m : k, b.data(), tb ? k : n, false, c.data(),
                                          n);
        if (threads == 1) expected = bits(c);
        CHECK(bits(c) == expected);
      }
    }
  set_num_threads(before);
}

#else

TEST_CASE("AVX512-BF16 products of every form equal plain loops, rounded once, and write nothing beside", "[cpu]") {
  WARN("skipped: this processor is no x86");
}

#endif

}  // namespace bfloat16_gemm_test
