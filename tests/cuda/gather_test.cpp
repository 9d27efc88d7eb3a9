// Elements by their index on the device against the CPU's, the sort behind the backward, and bad indices.
#include <tempa/core/error.hpp>
#include <tempa/cpu/gather.hpp>
#include <tempa/cuda/gather.hpp>

#include "cuda/against_cpu.hpp"
#include "cuda/indices.hpp"

#include <string>

namespace gather_test {

using namespace tempa;
using namespace tempa::test;

namespace {

struct Size {
  Index outer, middle, inner, count;
};

}  // namespace

TEMPLATE_TEST_CASE("CUDA gather: rows and elements by index, both directions, are the CPU's", "[cuda]", float, double,
                   float16, bfloat16) {
  // One index for all, runs across many of the 32 that a warp takes, few and many different ones, several outer parts.
  for (const auto& [outer, middle, inner, count] :
       {Size{1, 1, 16, 1}, Size{1, 1, 24, 1100}, Size{1, 50, 16, 33}, Size{1, 9, 300, 200}, Size{3, 7, 5, 31},
        Size{1, 1000, 8, 64}, Size{2, 4, 1, 90}, Size{1, 5, 8, 0}, Size{1, 3, 0, 4}}) {
    INFO(outer << " x " << middle << " x " << inner << ", " << count << " indices");
    const Index n = outer * middle * inner, m = outer * count * inner;
    check_against_cpu<TestType>(
        {numbers(m, 1), numbers(n, 2), numbers(n, 3), numbers(m, 4), numbers(m, 5), numbers(n, 6)},
        [&, o = outer, mi = middle, i = inner, c = count](auto backend, auto& a) {
          index_select_forward(backend, a.out(0), a.in(1), a.integers(0), o, mi, i, c);
          index_select_backward(backend, a.out(2), a.in(3), a.integers(0), o, mi, i, c);
          gather_forward(backend, a.out(4), a.in(1), a.integers(1), o, mi, i, c);
          gather_backward(backend, a.out(5), a.in(3), a.integers(1), o, mi, i, c);
        },
        {indices(count, middle, 7), indices(m, middle, 8)});
  }
}

TEST_CASE("CUDA gather: the backward of more indices than one tile sorts, of 64 bits", "[cuda]") {
  constexpr Index kCount = 2100, kMiddle = 40;
  const auto narrow = indices(kCount, kMiddle, 9);
  const std::vector<std::int64_t> index(narrow.begin(), narrow.end());
  const DeviceArray<std::int64_t> device_index(index);
  check_against_cpu<float>({numbers(kMiddle, 1), numbers(kCount, 2)}, [&](auto backend, auto& a) {
    const std::int64_t* which = index.data();
    if constexpr (std::same_as<decltype(backend), cuda::Backend>) which = device_index.data();
    index_select_backward(backend, a.out(0), a.in(1), which, Index{1}, kMiddle, Index{1}, kCount);
  });
}

TEST_CASE("CUDA gather: a bad index is left out, and thrown for when the host waits", "[cuda]") {
  const std::vector<float> x{1, 2, 3, 4, 5, 6}, marks{-1, -2, -3, -4, -5, -6};
  const DeviceArray<float> device_x(x);
  DeviceArray<float> y(marks);
  const DeviceArray<std::int32_t> index(std::vector<std::int32_t>{2, 7, -1});
  const std::string text = complaint<ValueError>([&](cuda::Backend backend) {
    cuda::index_select_forward(backend, y.data(), device_x.data(), index.data(), 1, 3, 2, 3);
  });
  CHECK(text ==
        "[index_select_forward] indices must be in [0,3) but element 1 is 7; found by cuda:0, at the latest "
        "synchronization");
  CHECK(y.to_vector() == std::vector<float>{5, 6, -3, -4, -5, -6});  // and nothing is thrown twice
  DeviceArray<float> dx(x);
  cuda::index_select_backward(cuda::current_backend(0), dx.data(), y.data(), index.data(), 1, 3, 2, 3);
  CHECK_THROWS_AS(dx.to_vector(), ValueError);
  CHECK(dx.to_vector() == std::vector<float>{1, 2, 3, 4, 10, 12});
  for (const auto& gather : {0, 1})
    CHECK(complaint<ValueError>([&](cuda::Backend backend) {
            if (gather == 0) {
              cuda::gather_forward(backend, y.data(), device_x.data(), index.data(), 1, 3, 1, 3);
            } else {
              cuda::gather_backward(backend, dx.data(), device_x.data(), index.data(), 1, 3, 1, 3);
            }
          }).find("element 1 is 7") != std::string::npos);
}

}  // namespace gather_test
