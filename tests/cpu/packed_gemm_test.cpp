// Products of large matrices: every form and remainder against plain loops is gemm_test's; here sizes that are cut into
// blocks, against Eigen in double, and the promise that the number of threads does not matter.
#include "support/catch.hpp"

#include <tempa/core/parallel.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/gemm/gemm.hpp>

#if __has_include(<Eigen/Core>)
#define EIGEN_DONT_VECTORIZE  // g++ 12 warns of what its own headers of intrinsics leave unset
#include <Eigen/Core>
#endif

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace packed_gemm_test {

using namespace tempa;
using cpu::Transpose;

namespace {

template <typename T>
std::vector<T> numbers(Index count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = narrow<T>(static_cast<Accumulator<T>>(generator.normal()));
  return values;
}

struct Threads {
  explicit Threads(int count) { set_num_threads(count); }
  ~Threads() { set_num_threads(before); }
  int before = num_threads();
};

// Sizes on both sides of every choice of a kernel: few rows, few columns, one block of k and several, whole and partial
// panels.
constexpr std::array<Index, 3> kSizes[] = {{2, 2, 3000},   {3, 700, 65},    {48, 96, 500},   {130, 70, 800},
                                           {193, 64, 64},  {257, 385, 129}, {300, 40, 1200}, {1000, 48, 385},
                                           {64, 1030, 96}, {700, 768, 70}};

}  // namespace

TEMPLATE_TEST_CASE("A product has the same bits for any number of threads", "[cpu]", float, double, bfloat16, float16) {
  using T = TestType;
  using A = Accumulator<T>;
  for (const auto& [m, n, k] : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const auto a = numbers<T>(m * k, 1), b = numbers<T>(n * k, 2), c = numbers<T>(m * n, 3);
        std::vector<T> expected;
        for (const int count : {1, 2, 3, 7}) {
          const Threads threads(count);
          std::vector<T> result = c;
          cpu::gemm(cpu::Backend{}, ta ? Transpose::kYes : Transpose::kNo, tb ? Transpose::kYes : Transpose::kNo, m, n,
                    k, A(1), a.data(), ta ? m : k, b.data(), tb ? k : n, A(1), result.data(), n);
          if (count == 1) expected = result;
          INFO(m << " " << n << " " << k << " transposed " << ta << tb << " threads " << count);
          CHECK(std::equal(result.begin(), result.end(), expected.begin(),
                           [](T x, T y) { return widen(x) == widen(y); }));
        }
      }
}

#if __has_include(<Eigen/Core>)
// A sum of k products in any order is off by at most k units in the last place of the sum of their sizes (Higham,
// Accuracy and Stability of Numerical Algorithms, 3.5), and so are Eigen's sums in double, whose unit is smaller or
// equal.
TEMPLATE_TEST_CASE("A product of blocks is as near to Eigen's in double as rounding allows", "[cpu]", float, double) {
  using T = TestType;
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  for (const auto& [m, n, k] : kSizes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const auto a = numbers<T>(m * k, 1), b = numbers<T>(n * k, 2);
        std::vector<T> c(static_cast<std::size_t>(m * n));
        cpu::packed_gemm(cpu::Backend{}, ta ? Transpose::kYes : Transpose::kNo, tb ? Transpose::kYes : Transpose::kNo,
                         m, n, k, T(1), a.data(), ta ? m : k, b.data(), tb ? k : n, T(0), c.data(), n);
        const auto matrix = [](const std::vector<T>& values, Index rows, Index columns, bool transposed) -> Matrix {
          Matrix result = Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
                              values.data(), transposed ? columns : rows, transposed ? rows : columns)
                              .template cast<double>();
          return transposed ? Matrix(result.transpose()) : result;
        };
        const Matrix left = matrix(a, m, k, ta), right = matrix(b, k, n, tb);
        const Matrix expected = left * right, sizes = left.cwiseAbs() * right.cwiseAbs();
        const Matrix error = (matrix(c, m, n, false) - expected).cwiseAbs();
        const double bound = 2 * static_cast<double>(k) * static_cast<double>(std::numeric_limits<T>::epsilon());
        INFO(m << " " << n << " " << k << " transposed " << ta << tb);
        CHECK((error.array() <= bound * sizes.array()).all());
      }
}
#else
TEST_CASE("A product of blocks is as near to Eigen's in double as rounding allows", "[cpu]") {
  WARN("skipped: Eigen is not there (Debian: libeigen3-dev)");
}
#endif

}  // namespace packed_gemm_test
