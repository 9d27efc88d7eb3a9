// Products against plain loops: every transpose, shapes down to vectors, rows that are longer than the matrix, alpha
// and beta.
#include "support/catch.hpp"

#include <tempa/core/random.hpp>
#include <tempa/cpu/gemm/gemm.hpp>
#include <tempa/tensor/tensor.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace gemm_test {

using namespace tempa;
using cpu::Transpose;

namespace {

struct Sizes {
  Index m, n, k;
};

/// Small integers, whose products and sums are exact in every type that sums are kept in, and in every order.
template <typename T>
std::vector<T> integers(Index count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = narrow<T>(static_cast<Accumulator<T>>(generator.below(7) - 3));
  return values;
}

/// What can be compared.
template <typename T>
std::vector<Accumulator<T>> widened(const std::vector<T>& values) {
  std::vector<Accumulator<T>> result;
  for (const T value : values) result.push_back(widen(value));
  return result;
}

/// Compares `product`, called as `cpu::gemm` is, with plain loops.
template <typename T, typename Product>
void check_product(const Sizes& sizes, Transpose ta, Transpose tb, Index padding, Accumulator<T> alpha,
                   Accumulator<T> beta, const Product& product) {
  using A = Accumulator<T>;
  const auto [m, n, k] = sizes;
  const bool a_turned = ta == Transpose::kYes, b_turned = tb == Transpose::kYes;
  const Index lda = (a_turned ? m : k) + padding, ldb = (b_turned ? k : n) + padding, ldc = n + padding;
  const auto a = integers<T>((a_turned ? k : m) * lda, 1), b = integers<T>((b_turned ? n : k) * ldb, 2);
  auto c = integers<T>(m * ldc, 3);
  auto expected = c;
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      A sum = 0;
      for (Index p = 0; p < k; ++p)
        sum += widen(a[static_cast<std::size_t>(a_turned ? p * lda + i : i * lda + p)]) *
               widen(b[static_cast<std::size_t>(b_turned ? j * ldb + p : p * ldb + j)]);
      T& to = expected[static_cast<std::size_t>(i * ldc + j)];
      to = narrow<T>(alpha * sum + (beta == A(0) ? A(0) : beta * widen(to)));
    }
  if (beta == A(0))  // what c held must not matter
    for (Index i = 0; i < m; ++i)
      for (Index j = 0; j < n; ++j)
        c[static_cast<std::size_t>(i * ldc + j)] = narrow<T>(std::numeric_limits<A>::quiet_NaN());
  product(cpu::Backend{}, ta, tb, m, n, k, alpha, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
  INFO("m " << m << " n " << n << " k " << k << " transposed " << a_turned << b_turned << " padding " << padding
            << " alpha " << alpha << " beta " << beta);
  CHECK(widened(c) == widened(expected));
}

}  // namespace

TEMPLATE_TEST_CASE("Matrix products of every form equal plain loops, rounded once", "[cpu]", float, double, bfloat16,
                   float16) {
  using T = TestType;
  using A = Accumulator<T>;
  const Sizes all_sizes[] = {{1, 1, 1}, {1, 1, 3000}, {1, 33, 31},    {31, 1, 33}, {1, 200, 130},
                             {3, 5, 0}, {1, 5, 0},    {5, 1, 0},      {17, 9, 31}, {64, 48, 96},
                             {0, 3, 2}, {3, 0, 2},    {131, 70, 129}, {37, 67, 70}};
  for (const Sizes& sizes : all_sizes)
    for (const Transpose ta : {Transpose::kNo, Transpose::kYes})
      for (const Transpose tb : {Transpose::kNo, Transpose::kYes})
        for (const Index padding : {0, 3})
          for (const auto& [alpha, beta] : {std::pair<A, A>{1, 0}, {1, 1}, {2, 1}, {-1, A(0.5)}})
            check_product<T>(sizes, ta, tb, padding, alpha, beta,
                             [](const auto&... arguments) { cpu::gemm(arguments...); });
}

TEMPLATE_TEST_CASE("Products of few rows equal plain loops at every remainder of a tile", "[cpu]", float, bfloat16) {
  if constexpr (cpu::kHasSkinnyGemm<TestType>) {
    for (const Index m : {1, 2, 7, 8, 13, 16, 37, 49, 100})
      for (const Index n : {1, 4, 8, 34, 121})
        for (const Index k : {1, 15, 16, 35, 1043})
          for (const auto& [alpha, beta] : {std::pair<float, float>{1, 0}, {1, 1}, {-1, 0.5f}})
            check_product<TestType>({m, n, k}, Transpose::kNo, Transpose::kYes, 3, alpha, beta,
                                    [](cpu::Backend backend, Transpose, Transpose, const auto&... arguments) {
                                      cpu::skinny_gemm(backend, arguments...);
                                    });
  } else {
    WARN("skipped: the compiler may not use AVX512-BF16");
  }
}

TEMPLATE_TEST_CASE("Products of few rows have the same bits for any number of threads", "[cpu]", float, bfloat16) {
  using T = TestType;
  if constexpr (cpu::kHasSkinnyGemm<T>) {
    const int before = num_threads();
    const Index m = 37, n = 131, k = 1300;
    Generator generator(1);
    std::vector<T> a(static_cast<std::size_t>(m * k)), b(static_cast<std::size_t>(n * k));
    for (auto* values : {&a, &b})
      for (T& value : *values) value = narrow<T>(static_cast<float>(generator.normal()));
    std::vector<float> expected;
    for (const int threads : {1, 2, 3, 7}) {
      set_num_threads(threads);
      std::vector<T> c(static_cast<std::size_t>(m * n));
      cpu::skinny_gemm(cpu::Backend{}, m, n, k, 1.0f, a.data(), k, b.data(), k, 0.0f, c.data(), n);
      if (threads == 1) expected = widened(c);
      CHECK(widened(c) == expected);
    }
    set_num_threads(before);
  } else {
    WARN("skipped: the compiler may not use AVX512-BF16");
  }
}

TEMPLATE_TEST_CASE("Products of a batch equal single products for any number of threads", "[cpu]", float, double,
                   bfloat16, float16) {
  using T = TestType;
  using A = Accumulator<T>;
  const int before = num_threads();
  for (const auto& [batch, m, n, k] : {std::array<Index, 4>{5, 3, 4, 2}, {3, 130, 128, 130}, {1, 6, 7, 8}}) {
    const auto a = integers<T>(batch * m * k, 1), b = integers<T>(batch * k * n, 2);
    std::vector<T> expected(static_cast<std::size_t>(batch * m * n));
    for (Index i = 0; i < batch; ++i)
      cpu::gemm(cpu::Backend{}, Transpose::kNo, Transpose::kNo, m, n, k, A(1), a.data() + i * m * k, k,
                b.data() + i * k * n, n, A(0), expected.data() + i * m * n, n);
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      std::vector<T> c(expected.size());
      cpu::batched_gemm(cpu::Backend{}, Transpose::kNo, Transpose::kNo, batch, m, n, k, A(1), a.data(), k, m * k,
                        b.data(), n, k * n, A(0), c.data(), n, m * n);
      CHECK(widened(c) == widened(expected));
    }
    set_num_threads(before);
  }
}

}  // namespace gemm_test
