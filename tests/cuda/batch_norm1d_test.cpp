// Batch normalisation on the device against the CPU's.
#include <tempa/cpu/batch_norm1d.hpp>
#include <tempa/cuda/batch_norm1d.hpp>

#include "cuda/against_cpu.hpp"

namespace batch_norm1d_test {

using namespace tempa;
using namespace tempa::test;

namespace {

struct Size {
  Index batch, channels, length;
};

}  // namespace

TEMPLATE_TEST_CASE("CUDA batch norm: statistics, values and gradients are the CPU's", "[cuda]", float, double, float16,
                   bfloat16) {
  for (const auto& [batch, channels, length] :
       {Size{2, 1, 1}, Size{33, 31, 1}, Size{5, 3, 7}, Size{1023, 2, 1}, Size{2, 33, 150}})
    for (const bool own : {false, true}) {
      if (std::same_as<TestType, double> && batch > 100)
        continue;  // the reference sums in double too, in another order
      INFO(batch << " x " << channels << " x " << length << (own ? ", own statistics" : ""));
      const Index n = batch * channels * length;
      const auto c = channels;
      check_against_cpu<TestType>(
          {wide(numbers(c, 1)), wide(numbers(c, 2)), numbers(n, 3, -1, 5), wide(numbers(c, 4)),
           wide(numbers(c, 5, 0.5, 2)), numbers(n, 6), numbers(c, 7, 0.5, 2), numbers(c, 8), numbers(n, 9),
           numbers(c, 10), numbers(c, 11), numbers(n, 12)},
          [&, b = batch, l = length](auto backend, auto& a) {
            auto* const none = decltype(a.out(0)){};
            batch_norm_statistics(backend, a.wide_out(0), a.wide_out(1), a.in(2), b, c, l);
            batch_norm_track(backend, a.wide_out(3), a.wide_out(4), a.wide_in(0), a.wide_in(1), c, b * l, 0.1);
            batch_norm_forward(backend, a.out(5), a.in(2), a.wide_in(0), a.wide_in(1), own ? a.in(6) : none,
                               own ? a.in(7) : none, b, c, l, 1e-5);
            batch_norm_backward(backend, a.out(8), a.out(9), a.out(10), a.in(11), a.in(2), a.wide_in(0), a.wide_in(1),
                                own ? a.in(6) : none, b, c, l, 1e-5, own);
          });
    }
}

}  // namespace batch_norm1d_test
