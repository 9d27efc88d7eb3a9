#include <tempa/core/random.hpp>
#include <tempa/cpu/gemm/small_gemm.hpp>

#include "support/catch.hpp"

#include <vector>

namespace small_gemm_test {

using namespace tempa;
using namespace tempa::cpu;

namespace {
/// Integers in [-8, 8]: their products and sums are exact, so that results can be compared for equality.
template <typename T>
std::vector<T> integers(Index count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = static_cast<T>(generator.below(17) - 8);
  return values;
}
}  // namespace

TEMPLATE_TEST_CASE("Small product: C = A B and C += A B for any sizes, A transposed or not", "[cpu]", float, double) {
  using T = TestType;
  const Index m = GENERATE(1, 5, 6, 7, 13), n = GENERATE(1, 8, 17, 65, 130), k = GENERATE(0, 1, 33);
  const bool transposed = GENERATE(false, true), accumulate = GENERATE(false, true);
  const Index rows = round_up(m, kTileRows), padded = round_up(n, kVectorWidth<T>);
  const Index row = transposed ? 1 : k + 2, column = transposed ? rows + 3 : 1;
  const auto a = integers<T>((rows + 3) * (k + 2), 1), b = integers<T>(k * padded, 2);
  auto c = integers<T>(rows * padded, 3);
  const auto before = c;
  if (accumulate) {
    small_gemm<true>(c.data(), padded, a.data(), row, column, b.data(), padded, m, n, k);
  } else {
    small_gemm<false>(c.data(), padded, a.data(), row, column, b.data(), padded, m, n, k);
  }
  Index wrong = 0;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      T sum = accumulate ? before[static_cast<std::size_t>(i * padded + j)] : T(0);
      for (Index p = 0; p < k; ++p)
        sum += a[static_cast<std::size_t>(i * row + p * column)] * b[static_cast<std::size_t>(p * padded + j)];
      wrong += c[static_cast<std::size_t>(i * padded + j)] != sum;
    }
  CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("Small transpose: every element finds its place", "[cpu]", float, double) {
  using T = TestType;
  const Index rows = GENERATE(1, 7, 16, 41), cols = GENERATE(1, 15, 64);
  const Index padded_rows = round_up(rows, kVectorWidth<T>), padded_cols = round_up(cols, kVectorWidth<T>);
  const auto x = integers<T>(padded_rows * padded_cols, 1);
  std::vector<T> y(x.size());
  small_transpose(y.data(), padded_rows, x.data(), padded_cols, rows, cols);
  Index wrong = 0;
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j)
      wrong += y[static_cast<std::size_t>(j * padded_rows + i)] != x[static_cast<std::size_t>(i * padded_cols + j)];
  CHECK(wrong == 0);
}

}  // namespace small_gemm_test
