// The products on the device against cpu::gemm in double. The operands are small integers, whose products and sums are
// exact in float and in every order: what comes out is right to the last bit or wrong.
#include <tempa/core/dtype.hpp>
#include <tempa/core/random.hpp>
#include <tempa/cpu/gemm/matmul.hpp>
#include <tempa/cuda/gemm.hpp>
#include <tempa/device/cuda/runtime.hpp>
#include <tempa/math/gelu.hpp>

#include "cuda/device_array.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace gemm_test {

using namespace tempa;
using test::DeviceArray;

namespace {

constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

template <typename T>
std::vector<T> integers(Index count, std::uint64_t seed) {
  Generator generator(seed);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) value = element_cast<T>(static_cast<float>(generator.below(7) - 3));
  return values;
}

template <typename To, typename From>
std::vector<To> converted(const std::vector<From>& values) {
  std::vector<To> result;
  for (const From value : values) result.push_back(element_cast<To>(value));
  return result;
}

/// Bit for bit, where all numbers are finite; a NaN equals nothing.
template <typename T>
bool equal(const std::vector<T>& a, const std::vector<T>& b) {
  return converted<double>(a) == converted<double>(b);
}

/// A product, its operands on the host and on the device, and what cpu::gemm makes of it.
template <typename T>
struct Case {
  Transpose ta, tb;
  Index m, n, k, lda, ldb, ldc;
  std::vector<T> a, b, c;
  DeviceArray<T> device_a, device_b, device_c;

  Case(Transpose trans_a, Transpose trans_b, Index rows, Index columns, Index depth, Index padding)
      : ta(trans_a),
        tb(trans_b),
        m(rows),
        n(columns),
        k(depth),
        lda((ta == Transpose::kYes ? m : k) + padding),
        ldb((tb == Transpose::kYes ? k : n) + padding),
        ldc(n + padding),
        a(integers<T>((ta == Transpose::kYes ? k : m) * lda, 1)),
        b(integers<T>((tb == Transpose::kYes ? n : k) * ldb, 2)),
        c(integers<T>(m * ldc, 3)),
        device_a(a),
        device_b(b),
        device_c(c) {}

  /// alpha op(A) op(B) + beta C in double; what lies between the rows of C is left alone.
  std::vector<double> expected(double alpha, double beta) const {
    const auto wide_a = converted<double>(a), wide_b = converted<double>(b);
    auto wide_c = converted<double>(c);
    cpu::gemm(cpu::Backend{}, ta, tb, m, n, k, alpha, wide_a.data(), lda, wide_b.data(), ldb, beta, wide_c.data(), ldc);
    return wide_c;
  }

  /// sums_i + sum_p op(A)_ip.
  std::vector<double> expected_row_sums(const std::vector<T>& sums) const {
    auto result = converted<double>(sums);
    for (Index i = 0; i < m; ++i)
      for (Index p = 0; p < k; ++p)
        result[static_cast<std::size_t>(i)] +=
            element_cast<double>(a[static_cast<std::size_t>(ta == Transpose::kYes ? p * lda + i : i * lda + p)]);
    return result;
  }

  std::string text() const {
    return concat("m ", m, " n ", n, " k ", k, " transposed ", ta == Transpose::kYes, tb == Transpose::kYes, " ld ",
                  lda, ",", ldb, ",", ldc);
  }
};

struct Sizes {
  Index m, n, k;
};

struct Variant {
  Index padding;  ///< of rows; 0 and 8 are aligned where the sizes are
  float alpha, beta;
};

}  // namespace

TEMPLATE_TEST_CASE("CUDA matrix products of every form equal the CPU's in double", "[cuda]", float, double, float16,
                   bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  const Sizes all_sizes[] = {{1, 1, 1}, {1, 33, 31}, {31, 1, 33}, {1, 5, 3000}, {5, 1, 3000}, {3, 5, 0},   {1, 5, 0},
                             {0, 3, 2}, {3, 0, 2},   {33, 31, 1}, {17, 9, 72},  {70, 40, 40}, {9, 12, 600}};
  for (const auto& [m, n, k] : all_sizes)
    for (const Transpose ta : kBoth)
      for (const Transpose tb : kBoth)
        for (const auto& [padding, alpha, beta] : {Variant{0, 1, 0}, Variant{3, -0.5f, 2}, Variant{8, 1, 0}}) {
          Case<T> product(ta, tb, m, n, k, padding);
          INFO(product.text() << " alpha " << alpha << " beta " << beta);
          if (beta == 0) {  // what C held must not matter
            const auto nan = element_cast<T>(std::numeric_limits<float>::quiet_NaN());
            for (Index i = 0; i < m * n; ++i) product.c[static_cast<std::size_t>(i / n * product.ldc + i % n)] = nan;
            product.device_c = DeviceArray<T>(product.c);
          }
          cuda::gemm(backend, ta, tb, m, n, k, Accumulator<T>(alpha), product.device_a.data(), product.lda,
                     product.device_b.data(), product.ldb, Accumulator<T>(beta), product.device_c.data(), product.ldc);
          CHECK(equal(product.device_c.to_vector(), converted<T>(product.expected(alpha, beta))));
        }
}

TEMPLATE_TEST_CASE("CUDA matrix products are right in every tile and for every number of slices", "[cuda]", float,
                   double, float16, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  const int tiles = static_cast<int>(cuda::gemm_tiles<T>().size());
  for (int tile = 0; tile < tiles; ++tile)
    for (const Transpose ta : kBoth)
      for (const Transpose tb : kBoth) {
        const cuda::GemmTile& of = cuda::gemm_tiles<T>()[static_cast<std::size_t>(tile)];
        const int slices = ta == tb ? 1 : 2;  // more than the ring of shared memory has stages in the first case
        Case<T> product(ta, tb, of.rows + 8, ta == tb ? 24 : of.columns + 8, 5 * of.depth + 8, 0);
        INFO(product.text() << " tile " << tile << " slices " << slices);
        const cuda::GemmPlanGuard guard({tile, slices});
        cuda::gemm(backend, ta, tb, product.m, product.n, product.k, Accumulator<T>(-0.5f), product.device_a.data(),
                   product.lda, product.device_b.data(), product.ldb, Accumulator<T>(2), product.device_c.data(),
                   product.ldc);
        CHECK(equal(product.device_c.to_vector(), converted<T>(product.expected(-0.5, 2))));
      }
}

TEMPLATE_TEST_CASE("CUDA matrix products repeat bit for bit", "[cuda]", float, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  constexpr Index kM = 40, kN = 72, kK = 200;
  Generator generator(7);
  std::vector<T> a(kM * kK), b(kK * kN);
  for (T& value : a) value = element_cast<T>(static_cast<float>(generator.normal()));
  for (T& value : b) value = element_cast<T>(static_cast<float>(generator.normal()));
  const DeviceArray<T> device_a(a), device_b(b);
  const cuda::GemmPlanGuard guard({1, 4});
  std::vector<T> first;
  for (int run = 0; run < 3; ++run) {
    DeviceArray<T> c(kM * kN);
    cuda::gemm(backend, Transpose::kNo, Transpose::kNo, kM, kN, kK, 1.0f, device_a.data(), kK, device_b.data(), kN,
               0.0f, c.data(), kN);
    if (run == 0) first = c.to_vector();
    CHECK(equal(c.to_vector(), first));
  }
}

namespace {

/// Largest distance from `exact`, as a part of its largest number.
template <typename T>
double error(const std::vector<T>& values, const std::vector<double>& exact) {
  double worst = 0, scale = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    worst = std::max(worst, std::abs(element_cast<double>(values[i]) - exact[i]));
    scale = std::max(scale, std::abs(exact[i]));
  }
  return worst / scale;
}

}  // namespace

TEST_CASE("CUDA sums of many float products err at most twice as much as the CPU's", "[cuda]") {
  constexpr Index kM = 16, kN = 24;
  for (const Index k : {100, 1000}) {
    Generator generator(11);
    std::vector<float> a(static_cast<std::size_t>(kM * k)), b(static_cast<std::size_t>(k * kN)), c(kM * kN);
    for (float& value : a) value = static_cast<float>(generator.normal());
    for (float& value : b) value = static_cast<float>(generator.normal());
    const auto wide_a = converted<double>(a), wide_b = converted<double>(b);
    std::vector<double> exact(c.size());
    using enum Transpose;
    cpu::gemm(cpu::Backend{}, kNo, kNo, kM, kN, k, 1.0, wide_a.data(), k, wide_b.data(), kN, 0.0, exact.data(), kN);
    cpu::gemm(cpu::Backend{}, kNo, kNo, kM, kN, k, 1.0f, a.data(), k, b.data(), kN, 0.0f, c.data(), kN);
    const DeviceArray<float> device_a(a), device_b(b);
    for (int tile = 0; tile < static_cast<int>(cuda::gemm_tiles<float>().size()); ++tile) {
      DeviceArray<float> device_c(kM * kN);
      const cuda::GemmPlanGuard guard({tile, 1});
      cuda::gemm(cuda::current_backend(0), kNo, kNo, kM, kN, k, 1.0f, device_a.data(), k, device_b.data(), kN, 0.0f,
                 device_c.data(), kN);
      INFO("k " << k << " tile " << tile);
      CHECK(error(device_c.to_vector(), exact) <= 2 * error(c, exact));
    }
  }
}

TEMPLATE_TEST_CASE("CUDA matrix products with bias, GELU and its derivative are their steps one after the other",
                   "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  using A = Accumulator<T>;
  const auto backend = cuda::current_backend(0);
  for (const auto& [m, n, k] : {Sizes{70, 72, 40}, Sizes{33, 31, 17}, Sizes{5, 1, 0}, Sizes{1, 6, 9}})
    for (const int slices : {1, 2}) {
      Case<T> product(Transpose::kNo, Transpose::kYes, m, n, k, 0);
      INFO(product.text() << " slices " << slices);
      const cuda::GemmPlanGuard guard({1, slices});
      const auto bias = integers<T>(n, 4);
      const DeviceArray<T> device_bias(bias);
      // Of 32ths, so that GELU is not flat: they are exact too.
      for (T& value : product.b) value = element_cast<T>(element_cast<float>(value) / 32);
      product.device_b = DeviceArray<T>(product.b);
      auto exact = product.expected(1, 0);
      std::vector<T> x(exact.size());
      for (std::size_t i = 0; i < exact.size(); ++i)
        x[i] = element_cast<T>(exact[i] + element_cast<double>(bias[i % static_cast<std::size_t>(n)]));

      DeviceArray<T> device_x(m * n), device_y(m * n);
      cuda::gemm_bias(backend, product.ta, product.tb, m, n, k, product.device_a.data(), product.lda,
                      product.device_b.data(), product.ldb, device_bias.data(), device_y.data(), n);
      CHECK(equal(device_y.to_vector(), x));

      cuda::gemm_bias_gelu(backend, product.ta, product.tb, m, n, k, product.device_a.data(), product.lda,
                           product.device_b.data(), product.ldb, device_bias.data(), device_y.data(), device_x.data(),
                           n);
      CHECK(equal(device_x.to_vector(), x));
      std::vector<double> exact_y;
      std::vector<T> plain_y;
      for (const T at : x) {
        exact_y.push_back(math::Gelu::f(element_cast<double>(at)));
        plain_y.push_back(narrow<T>(math::Gelu::f(widen(at))));
      }
      if (k > 0) CHECK(error(device_y.to_vector(), exact_y) <= 2 * error(plain_y, exact_y) + 1e-300);

      if (k == 0) continue;
      cuda::gemm_gelu_backward(backend, product.ta, product.tb, m, n, k, product.device_a.data(), product.lda,
                               product.device_b.data(), product.ldb, device_x.data(), product.device_c.data(), n);
      std::vector<T> plain;
      for (std::size_t i = 0; i < exact.size(); ++i) {
        plain.push_back(narrow<T>(widen(element_cast<T>(exact[i])) * math::Gelu::df(widen(x[i]))));
        exact[i] *= math::Gelu::df(element_cast<double>(x[i]));
      }
      CHECK(error(product.device_c.to_vector(), exact) <= 2 * error(plain, exact) + 1e-300);
      static_assert(std::same_as<A, decltype(widen(x[0]))>);
    }
}

TEMPLATE_TEST_CASE("CUDA gradients of weight and bias in one product", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  for (const auto& [m, n, k] : {Sizes{72, 136, 40}, Sizes{9, 31, 70}, Sizes{7, 0, 5}, Sizes{7, 3, 0}})
    for (const Transpose ta : kBoth)
      for (const Transpose tb : kBoth)
        for (const int slices : {1, 2}) {
          const int tile = ta == tb ? 2 : slices - 1;
          Case<T> product(ta, tb, m, n, k, 0);
          INFO(product.text() << " tile " << tile << " slices " << slices);
          const cuda::GemmPlanGuard guard({tile, slices});
          const auto sums = integers<T>(m, 5);
          DeviceArray<T> device_sums(sums);
          cuda::gemm_bias_gradient(backend, ta, tb, m, n, k, product.device_a.data(), product.lda,
                                   product.device_b.data(), product.ldb, product.device_c.data(), product.ldc,
                                   device_sums.data());
          CHECK(equal(product.device_c.to_vector(), converted<T>(product.expected(1, 1))));
          CHECK(equal(device_sums.to_vector(), converted<T>(product.expected_row_sums(sums))));
        }
}

TEMPLATE_TEST_CASE("CUDA products of a batch", "[cuda]", float, double, float16, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  for (const auto& [m, n, k] : {Sizes{5, 3, 4}, Sizes{40, 24, 16}, Sizes{1, 9, 7}, Sizes{4, 3, 0}})
    for (const Index gap : {0, 8})
      for (const int slices : {1, 2}) {
        constexpr Index kBatch = 3;
        const Index a_step = m * k + gap, b_step = k * n + gap, c_step = m * n + gap;
        const auto a = integers<T>(kBatch * a_step, 1), b = integers<T>(kBatch * b_step, 2);
        const auto c = integers<T>(kBatch * c_step, 3);
        const auto wide_a = converted<double>(a), wide_b = converted<double>(b);
        auto expected = converted<double>(c);
        for (Index i = 0; i < kBatch; ++i)
          cpu::gemm(cpu::Backend{}, Transpose::kNo, Transpose::kNo, m, n, k, 1.0, wide_a.data() + i * a_step, k,
                    wide_b.data() + i * b_step, n, 1.0, expected.data() + i * c_step, n);
        const DeviceArray<T> device_a(a), device_b(b);
        DeviceArray<T> device_c(c);
        const cuda::GemmPlanGuard guard({1, slices});
        cuda::batched_gemm(backend, Transpose::kNo, Transpose::kNo, kBatch, m, n, k, Accumulator<T>(1), device_a.data(),
                           k, a_step, device_b.data(), n, b_step, Accumulator<T>(1), device_c.data(), n, c_step);
        INFO("m " << m << " n " << n << " k " << k << " gap " << gap << " slices " << slices);
        CHECK(equal(device_c.to_vector(), converted<T>(expected)));
      }
}

TEMPLATE_TEST_CASE("CUDA products of broadcast batches, and their gradients", "[cuda]", float, double, float16,
                   bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  constexpr Index kM = 3, kN = 10, kK = 4;
  const std::pair<Shape, Shape> batches[] = {
      {{2, 3}, {2, 3}}, {{2, 1}, {2, 3}}, {{1, 3}, {2, 1}}, {{5}, {1}}, {{1}, {70}}};
  for (const auto& [a_shape, b_shape] : batches) {
    const Shape result = broadcast_shape("matmul", a_shape, b_shape);
    INFO(a_shape << " and " << b_shape);
    const auto nest = broadcast_nest(result, a_shape, b_shape);
    const Index batch = result.numel(), a_batch = a_shape.numel(), b_batch = b_shape.numel();
    const auto a = integers<T>(a_batch * kM * kK, 1), b = integers<T>(b_batch * kK * kN, 2);
    const auto dc = integers<T>(batch * kM * kN, 3);
    const auto wide_a = converted<double>(a), wide_b = converted<double>(b), wide_dc = converted<double>(dc);
    std::vector<double> c(dc.size()), da(a.size()), db(b.size());
    cpu::matmul_forward(cpu::Backend{}, c.data(), wide_a.data(), wide_b.data(), nest, batch, kM, kN, kK);
    cpu::matmul_backward(cpu::Backend{}, da.data(), db.data(), wide_dc.data(), wide_a.data(), wide_b.data(), nest,
                         batch, a_batch, b_batch, kM, kN, kK);
    const DeviceArray<T> device_a(a), device_b(b), device_dc(dc);
    DeviceArray<T> device_c(batch * kM * kN), device_da(a_batch * kM * kK), device_db(b_batch * kK * kN);
    cuda::matmul_forward(backend, device_c.data(), device_a.data(), device_b.data(), nest, batch, kM, kN, kK);
    CHECK(equal(device_c.to_vector(), converted<T>(c)));
    cuda::matmul_backward(backend, device_da.data(), device_db.data(), device_dc.data(), device_a.data(),
                          device_b.data(), nest, batch, a_batch, b_batch, kM, kN, kK);
    CHECK(equal(device_da.to_vector(), converted<T>(da)));
    CHECK(equal(device_db.to_vector(), converted<T>(db)));
    T* const none = nullptr;
    cuda::matmul_backward(backend, none, none, device_dc.data(), device_a.data(), device_b.data(), nest, batch, a_batch,
                          b_batch, kM, kN, kK);
  }
}

TEMPLATE_TEST_CASE("CUDA matrix products are the same whoever computes them", "[cuda]", float, bfloat16) {
  using T = TestType;
  const auto backend = cuda::current_backend(0);
  std::vector<cuda::GemmChoice> choices{cuda::GemmChoice::kTempa, cuda::GemmChoice::kHopper};
  if (cuda::has_cublaslt()) choices.push_back(cuda::GemmChoice::kCublasLt);
  const auto before = cuda::gemm_choice();
  for (const cuda::GemmChoice choice : choices) {
    cuda::set_gemm_choice(choice);
    for (const Transpose ta : kBoth)
      for (const Transpose tb : kBoth)
        for (const int slices : {1, 2}) {
          Case<T> product(ta, tb, 136, 72, 136, 8);
          INFO(product.text() << " choice " << static_cast<int>(choice) << " slices " << slices);
          const cuda::GemmPlanGuard guard({2 * slices - 1, slices});
          const auto sums = integers<T>(product.m, 5);
          DeviceArray<T> device_sums(sums);
          cuda::gemm_bias_gradient(backend, ta, tb, product.m, product.n, product.k, product.device_a.data(),
                                   product.lda, product.device_b.data(), product.ldb, product.device_c.data(),
                                   product.ldc, device_sums.data());
          CHECK(equal(product.device_c.to_vector(), converted<T>(product.expected(1, 1))));
          CHECK(equal(device_sums.to_vector(), converted<T>(product.expected_row_sums(sums))));
        }
  }
  cuda::set_gemm_choice(before);
}

TEST_CASE("CUDA matrix products: what cannot be asked for", "[cuda]") {
  const DeviceArray<float> a(1);
  DeviceArray<float> c(1);
  CHECK_THROWS_AS(cuda::gemm(cuda::current_backend(0), Transpose::kNo, Transpose::kNo, Index{1} << 31, 2, 1, 1.0f,
                             a.data(), 1, a.data(), 2, 0.0f, c.data(), 2),
                  ShapeError);
}

}  // namespace gemm_test
