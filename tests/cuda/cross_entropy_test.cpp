// Cross-entropy on the device against the CPU's, from log-probabilities and from logits.
#include <tempa/core/error.hpp>
#include <tempa/cpu/cross_entropy.hpp>
#include <tempa/cpu/simd/convert.hpp>
#include <tempa/cpu/softmax.hpp>
#include <tempa/cuda/cross_entropy.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>

#include "cuda/against_cpu.hpp"
#include "cuda/indices.hpp"

#include <utility>

namespace cross_entropy_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA cross-entropy: losses and gradients are the CPU's", "[cuda]", float, double) {
  using T = TestType;
  constexpr Index kRows = 5, kIgnored = -100;
  for (const Index classes : {2, 33, 300}) {
    auto labels = indices(kRows, classes, 3);
    labels[3] = static_cast<std::int32_t>(kIgnored);
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.1})
        for (const bool one : {false, true}) {
          INFO(classes << " classes" << (weighted ? ", weighted" : "") << ", smoothing " << smoothing);
          check_against_cpu<T>({numbers(kRows, 1), numbers(kRows * classes, 2, -9, -0.1), numbers(classes, 3, 0.5, 2),
                                numbers(kRows * classes, 4), numbers(kRows, 5)},
                               [&](auto backend, auto& a) {
                                 using A = std::remove_pointer_t<decltype(a.out(0))>;
                                 const A* const weights = weighted ? a.in(2) : nullptr;
                                 cross_entropy_forward(backend, a.out(0), a.in(1), a.integers(0), weights, kRows,
                                                       classes, kIgnored, A(smoothing));
                                 cross_entropy_backward(backend, a.out(3), a.in(4), one, A(0.3), a.in(1), a.integers(0),
                                                        weights, kRows, classes, kIgnored, A(smoothing));
                               },
                               {labels});
        }
  }
  const DeviceArray<T> log_prob(std::vector<T>(6, T(-1)));
  DeviceArray<T> losses(3);
  const DeviceArray<std::int32_t> labels(std::vector<std::int32_t>{0, 2, 1});
  CHECK(complaint<ValueError>([&](cuda::Backend backend) {
          cuda::cross_entropy_forward(backend, losses.data(), log_prob.data(), labels.data(),
                                      static_cast<const T*>(nullptr), 3, 2, kIgnored, T(0));
        }).find("[cross_entropy_forward] indices must be in [0,2) but element 1 is 2") != std::string::npos);
}

TEMPLATE_TEST_CASE("CUDA cross-entropy: losses and gradients from logits in one pass", "[cuda]", float, double, float16,
                   bfloat16) {
  constexpr Index kRows = 5, kIgnored = -100;
  const Index one = 1;
  for (const Index classes : {2, 33, 264, 301}) {
    auto labels = indices(kRows, classes, 3);
    labels[3] = static_cast<std::int32_t>(kIgnored);
    for (const bool weighted : {false, true})
      for (const double smoothing : {0.0, 0.1}) {
        INFO(classes << " classes" << (weighted ? ", weighted" : "") << ", smoothing " << smoothing);
        check_against_cpu<TestType>(
            {wide(numbers(kRows, 1)), wide(numbers(kRows * classes, 2)), numbers(kRows * classes, 3, -5, 5),
             wide(numbers(classes, 4, 0.5, 2))},
            [&](auto backend, auto& a) {
              using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
              const A* const weights = weighted ? a.wide_in(3) : nullptr;
              const Index n = kRows * classes;
              if constexpr (std::same_as<decltype(backend), cuda::Backend>) {
                cross_entropy_with_gradient(backend, a.wide_out(0), a.wide_out(1), a.in(2), a.integers(0), weights,
                                            kRows, classes, kIgnored, A(smoothing), A(0.3));
              } else {
                std::vector<A> logits(static_cast<std::size_t>(n)), log_prob(logits);
                const A dloss = 1;
                convert(backend, logits.data(), a.in(2), n);
                log_softmax_forward(backend, log_prob.data(), std::as_const(logits).data(), kRows, classes, one);
                cross_entropy_forward(backend, a.wide_out(0), std::as_const(log_prob).data(), a.integers(0), weights,
                                      kRows, classes, kIgnored, A(smoothing));
                cross_entropy_backward(backend, a.wide_out(1), &dloss, true, A(0.3), std::as_const(log_prob).data(),
                                       a.integers(0), weights, kRows, classes, kIgnored, A(smoothing));
              }
            },
            {labels});
      }
  }
}

}  // namespace cross_entropy_test
