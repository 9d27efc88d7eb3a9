// Layer normalisation on the device against the CPU's: rows on each path, all types.
#include <tempa/cpu/layer_norm.hpp>
#include <tempa/cuda/layer_norm.hpp>

#include "cuda/against_cpu.hpp"

namespace layer_norm_test {

using namespace tempa;
using namespace tempa::test;

namespace {

struct Size {
  Index rows, cols;
};

/// @param offset whether no vector load fits.
template <typename T>
void check(Size size, bool offset = false) {
  INFO(size.rows << " rows of " << size.cols << (offset ? " at an offset" : ""));
  const Index rows = size.rows, cols = size.cols;
  const auto placed = [&](Argument argument) { return offset ? at_offset(std::move(argument)) : argument; };
  const Index n = rows * cols;
  const std::vector<Argument> arguments = {
      placed(numbers(n, 1)),    wide(numbers(rows, 2)), wide(numbers(rows, 3)),  placed(numbers(n, 4, 1, 5)),
      numbers(cols, 5, 0.5, 2), numbers(cols, 6),       placed(numbers(n, 7)),   numbers(cols, 8),
      numbers(cols, 9),         placed(numbers(n, 10)), wide(numbers(rows, 11)), wide(numbers(rows, 12, 0.5, 1))};
  check_against_cpu<T>(arguments, [&](auto backend, auto& a) {
    using A = std::remove_pointer_t<decltype(a.wide_out(0))>;
    layer_norm_forward(backend, a.out(0), a.wide_out(1), a.wide_out(2), a.in(3), a.in(4), a.in(5), rows, cols, A(1e-5));
    layer_norm_backward(backend, a.out(6), a.out(7), a.out(8), a.in(9), a.in(3), a.in(4), a.wide_in(10), a.wide_in(11),
                        rows, cols);
  });
}

}  // namespace

TEMPLATE_TEST_CASE("CUDA layer norm: all paths give the CPU's numbers, both directions", "[cuda]", float, double,
                   float16, bfloat16) {
  constexpr Index kVector = 16 / sizeof(TestType);
  for (const Size size : {Size{1, 1}, Size{9, 31}, Size{5, 33}, Size{2, 1023}, Size{19, 32 * kVector},
                          Size{10, 90 * kVector}, Size{9, 120 * kVector}, Size{9, 200 * kVector},
                          Size{5, 1000 * kVector}, Size{5, 1024 * kVector + 1}, Size{0, 8}})
    check<TestType>(size);
  check<TestType>({3, 64}, true);
}

TEST_CASE("CUDA layer norm: more rows than blocks, and gradients that nobody wants", "[cuda]") {
  check<float>({2200, 4});
  constexpr Index kRows = 5, kCols = 40;
  for (const bool of_x : {true, false})
    check_against_cpu<float>(
        {numbers(kRows * kCols, 1), numbers(kCols, 2), numbers(kRows * kCols, 3), numbers(kRows * kCols, 4),
         numbers(kCols, 5), numbers(kRows, 6), numbers(kRows, 7, 0.5, 1)},
        [&](auto backend, auto& a) {
          auto* const none = decltype(a.out(0)){};
          layer_norm_backward(backend, of_x ? a.out(0) : none, none, of_x ? none : a.out(1), a.in(2), a.in(3), a.in(4),
                              a.in(5), a.in(6), kRows, kCols);
        });
}

}  // namespace layer_norm_test
