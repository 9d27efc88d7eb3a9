// What the profiler costs where there is none, and where there is one: a scope alone, and the smallest operations.
//   profiler_benchmark
#include <tempa/autograd/no_grad.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/profile/profiler.hpp>

#include <benchmark/benchmark.h>

#include <optional>

using namespace tempa;

namespace {

void run(benchmark::State& state, const auto& f) {
  std::optional<Profiler> profiler;
  if (state.range(0) != 0) profiler.emplace(ProfilerOptions{.log = nullptr});
  for (auto _ : state) f();
}

void scope(benchmark::State& state) {
  run(state, [] {
    const ProfileScope one("scope");
    benchmark::ClobberMemory();
  });
}

/// y = a + b of 8 elements.
void add_forward(benchmark::State& state) {
  const Variable<float> a(Tensor<float>::full({8}, 1.0f)), b(Tensor<float>::full({8}, 2.0f));
  run(state, [&] { benchmark::DoNotOptimize(add(a, b)); });
}

/// The same with its way back.
void mul_forward_backward(benchmark::State& state) {
  const Variable<float> a(Tensor<float>::full({8}, 1.0f), true), b(Tensor<float>::full({8}, 2.0f), true);
  const auto dy = Tensor<float>::full({8}, 1.0f);
  run(state, [&] {
    mul(a, b).backward(dy);
    a.clear_grad();
    b.clear_grad();
  });
}

BENCHMARK(scope)->ArgName("profiler")->Arg(0)->Arg(1);
BENCHMARK(add_forward)->ArgName("profiler")->Arg(0)->Arg(1);
BENCHMARK(mul_forward_backward)->ArgName("profiler")->Arg(0)->Arg(1);

}  // namespace

BENCHMARK_MAIN();
