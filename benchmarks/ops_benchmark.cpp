// Every operation at the large sizes of its op case, forward and backward: GB/s of inputs read and results written, or
// GFLOP/s. Peers of the same run: a copy, which is memory alone, and GELU with the standard library's erf.
//   ops_benchmark --benchmark_filter='gelu|copy'      OMP_NUM_THREADS=1 ops_benchmark
#include <tempa/autograd/no_grad.hpp>

#include "ops/arithmetic_cases.hpp"
#include "ops/attention_cases.hpp"
#include "ops/batch_norm1d_cases.hpp"
#include "ops/cross_entropy_cases.hpp"
#include "ops/elementwise_cases.hpp"
#include "ops/embedding_cases.hpp"
#include "ops/layer_norm_cases.hpp"
#include "ops/linear_cases.hpp"
#include "ops/loss_cases.hpp"
#include "ops/matmul_cases.hpp"
#include "ops/reduction_cases.hpp"
#include "ops/shape_cases.hpp"
#include "ops/softmax_cases.hpp"

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstring>
#include <string>
#include <utility>

using namespace tempa;

namespace {

/// Sets the rate of one iteration: floating-point operations where the case knows them, else bytes.
void set_rate(benchmark::State& state, double flops, Index elements) {
  const double amount = flops > 0 ? flops : static_cast<double>(elements) * sizeof(float);
  state.counters[flops > 0 ? "FLOP/s" : "B/s"] =
      benchmark::Counter(amount, benchmark::Counter::kIsIterationInvariantRate);
}

Index elements_of(const Inputs<float>& inputs, bool only_parameters) {
  Index count = 0;
  for (const auto& input : inputs) count += input.requires_grad() || !only_parameters ? input.numel() : 0;
  return count;
}

void run_forward(benchmark::State& state, const OpCase& op, const Shapes& shapes) {
  const auto inputs = make_inputs<float>(op.inputs, shapes);
  const NoGrad guard;
  Index elements = 0;
  for (auto _ : state) {
    const auto output = op.f(inputs);
    benchmark::DoNotOptimize(output.value().data());
    elements = elements_of(inputs, false) + output.numel();
  }
  set_rate(state, op.flops ? op.flops(shapes) : 0, elements);
}

void run_backward(benchmark::State& state, const OpCase& op, const Shapes& shapes) {
  const auto inputs = make_inputs<float>(op.inputs, shapes);
  const auto output = op.f(inputs);
  const auto dy = Tensor<float>::full(output.shape(), 1.0f);
  for (auto _ : state) {
    for (const auto& input : inputs) input.clear_grad();
    output.backward(dy, {.retain_graph = true});
  }
  set_rate(state, op.flops ? 2 * op.flops(shapes) : 0,
           elements_of(inputs, false) + elements_of(inputs, true) + output.numel());
}

void register_case(const OpCase& op) {
  for (const Shapes& shapes : op.large) {
    std::string name = op.name;
    for (const Shape& shape : shapes) name += " " + shape.to_string();
    const auto add = [&](const char* direction, auto run) {
      benchmark::RegisterBenchmark((name + " " + direction).c_str(),
                                   [=](benchmark::State& state) { run(state, op, shapes); })
          ->UseRealTime()
          ->Unit(benchmark::kMicrosecond);
    };
    add("forward", run_forward);
    add("backward", run_backward);
  }
}

/// y_i = f(x_i) over (1280,1024) floats on all threads.
template <typename F>
void register_peer(const char* name, F f) {
  benchmark::RegisterBenchmark(name,
                               [f](benchmark::State& state) {
                                 const auto x = make_variable({1280, 1024}).value();
                                 for (auto _ : state) {
                                   Tensor<float> y(x.shape());
                                   float* to = y.data();
                                   const float* from = x.data();
                                   parallel_for(0, x.numel(), cpu::kElementwiseGrain, [=](Index begin, Index end) {
                                     f(to + begin, from + begin, end - begin);
                                   });
                                   benchmark::DoNotOptimize(to);
                                 }
                                 set_rate(state, 0, 2 * x.numel());
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

}  // namespace

int main(int argc, char** argv) {
  register_peer("copy (1280,1024)", [](float* y, const float* x, Index n) {
    std::memcpy(y, x, static_cast<std::size_t>(n) * sizeof(float));
  });
  register_peer("gelu by std::erf (1280,1024)", [](float* y, const float* x, Index n) {
    for (Index i = 0; i < n; ++i) y[i] = 0.5f * x[i] * (1 + std::erf(x[i] * 0.70710678f));
  });
  elementwise_cases(register_case);
  arithmetic_cases(register_case);
  reduction_cases(register_case);
  softmax_cases(register_case);
  matmul_cases(register_case);
  shape_cases(register_case);
  choice_cases(register_case);
  linear_cases(register_case);
  layer_norm_cases(register_case);
  batch_norm1d_cases(register_case);
  embedding_cases(register_case);
  attention_cases(register_case);
  cross_entropy_cases(register_case);
  bce_with_logits_cases(register_case);
  mse_loss_cases(register_case);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
