// Binary cross-entropy on the device, with its gradient in one pass, against the formula on the CPU.
#include <tempa/cuda/bce_fused.hpp>
#include <tempa/cuda/cross_entropy_fused.hpp>
#include <tempa/math/loss.hpp>

#include "cuda/against_cpu.hpp"

#include <utility>

namespace bce_fused_test {

using namespace tempa;
using namespace tempa::test;

TEMPLATE_TEST_CASE("CUDA binary cross-entropy: losses and gradients from logits in one pass", "[cuda]", float, double,
                   float16, bfloat16) {
  struct Case {
    Index rows, columns;
    bool pos_weighted, weighted, reduces;
    Index offset = 0;
  };
  const auto shifted = [](Argument argument, Index offset) {
    return offset == 0 ? std::move(argument) : at_offset(std::move(argument));
  };
  for (const auto& [rows, columns, pos_weighted, weighted, reduces, offset] :
       {Case{1, 1, false, false, true}, Case{1, 31, false, false, true}, Case{3, 11, true, false, false},
        Case{3, 12, true, true, false}, Case{33, 31, true, true, true}, Case{33, 31, false, true, true, 1},
        Case{5, 4, false, false, false, 1}, Case{64, 80, false, true, true}, Case{79, 65, true, false, true}}) {
    INFO(rows << " x " << columns << (pos_weighted ? ", pos_weight" : "") << (weighted ? ", weight" : "")
              << (reduces ? ", reduced" : "") << ", offset " << offset);
    const Index n = rows * columns;
    const auto nest = broadcast_nest(Shape{rows, columns}, pos_weighted ? Shape{columns} : Shape{},
                                     weighted ? Shape{rows, 1} : Shape{});
    const bool has_pos = pos_weighted, has_weight = weighted, sums = reduces;  // for clang 14's lambdas
    const Index width = columns;
    check_against_cpu<TestType>(
        {wide(numbers(reduces ? 1 : n, 1)), wide(shifted(numbers(n, 2), offset)), shifted(numbers(n, 3, -6, 6), offset),
         wide(shifted(numbers(n, 4, 0, 1), offset)), wide(numbers(columns, 5, 0.5, 2)), wide(numbers(rows, 6, 0.5, 2)),
         shifted(numbers(n, 7), offset), wide(numbers(sums ? 1 : n, 8))},
        [&](auto backend, auto& a) {
          using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
          const A scale = sums ? A(1) / static_cast<A>(n) : A(1);
          if constexpr (std::same_as<decltype(backend), cuda::Backend>) {
            bce_with_gradient(backend, a.wide_out(0), a.wide_out(1), a.in(2), a.wide_in(3),
                              has_pos ? a.wide_in(4) : nullptr, has_weight ? a.wide_in(5) : nullptr, nest, n, sums,
                              scale);
            scale_loss_gradient(backend, a.out(6), a.wide_in(1), a.wide_in(7), sums, static_cast<const A*>(nullptr),
                                nullptr, n, Index{1}, Index{0});
          } else {
            long double sum = 0;  // the order of the losses must not matter
            for (Index i = 0; i < n; ++i) {
              const A x = element_cast<A>(a.in(2)[i]), t = a.wide_in(3)[i];
              const A factor = has_pos ? A(1) + (a.wide_in(4)[i % width] - A(1)) * t : A(1);
              const A weight = has_weight ? a.wide_in(5)[i / width] : A(1);
              const A loss = weight * math::BceWithLogits::f(x, t, factor);
              sum += loss;
              if (!sums) a.wide_out(0)[i] = loss;
              a.wide_out(1)[i] = scale * weight * math::BceWithLogits::dfa(x, t, factor);
              a.out(6)[i] =
                  element_cast<std::remove_pointer_t<decltype(a.out(6))>>(a.wide_in(1)[i] * a.wide_in(7)[sums ? 0 : i]);
            }
            if (sums) a.wide_out(0)[0] = scale * static_cast<A>(sum);
          }
        });
  }
}

TEST_CASE("CUDA binary cross-entropy: the sum of no losses is 0", "[cuda]") {
  DeviceArray<float> y(std::vector<float>{7});
  const float* const nothing = nullptr;
  cuda::bce_with_gradient<float>(cuda::current_backend(0), y.data(), nullptr, nothing, nothing, nothing, nothing,
                                 broadcast_nest(Shape{0}, Shape{}, Shape{}), 0, true, 1.0f);
  CHECK(y.to_vector() == std::vector<float>{0});
}

}  // namespace bce_fused_test
