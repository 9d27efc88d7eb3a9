// Op cases: the inputs and the known properties of an operation. `check_op` runs every check with a case, the
// benchmarks run its large sizes.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/random.hpp>
#include <tempa/ops/cast.hpp>

#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

/// Shapes of the inputs of one call.
using Shapes = std::vector<tempa::Shape>;

/// Inputs of one call, all of one type.
template <typename T>
using Inputs = std::vector<tempa::Variable<T>>;

/// An input: its shape in the gradient check, and the open range of its values.
struct OpInput {
  tempa::Shape shape;
  double low = -2;
  double high = 2;
  bool requires_grad = true;
  /// No two values are equal, nor closer than (high - low) / numel: for operations that choose (max).
  bool distinct = false;
};

/// The operation under test for all types, from one generic function `[](const auto& in) { return add(in[0], in[1]);
/// }`. Results of 16-bit inputs are widened.
class OpFunction {
 public:
  OpFunction() = default;
  template <typename F>
  OpFunction(F f)  // NOLINT(google-explicit-constructor)
      : single_(f),
        double_(f),
        bfloat16_([f](const Inputs<tempa::bfloat16>& inputs) { return tempa::cast<float>(f(inputs)); }),
        float16_([f](const Inputs<tempa::float16>& inputs) { return tempa::cast<float>(f(inputs)); }) {}

  tempa::Variable<float> operator()(const Inputs<float>& inputs) const { return single_(inputs); }
  tempa::Variable<double> operator()(const Inputs<double>& inputs) const { return double_(inputs); }
  tempa::Variable<float> operator()(const Inputs<tempa::bfloat16>& inputs) const { return bfloat16_(inputs); }
  tempa::Variable<float> operator()(const Inputs<tempa::float16>& inputs) const { return float16_(inputs); }

 private:
  std::function<tempa::Variable<float>(const Inputs<float>&)> single_;
  std::function<tempa::Variable<double>(const Inputs<double>&)> double_;
  std::function<tempa::Variable<float>(const Inputs<tempa::bfloat16>&)> bfloat16_;
  std::function<tempa::Variable<float>(const Inputs<tempa::float16>&)> float16_;
};

/// A documented error: `call` must throw one of the type, whose text has `message` in it. Made by `expect_error`.
struct OpError {
  std::string message;
  std::function<void()> call;
  std::function<bool(const std::exception&)> has_type;
};
template <typename E>
OpError expect_error(std::string message, std::function<void()> call) {
  return {std::move(message), std::move(call),
          [](const std::exception& error) { return dynamic_cast<const E*>(&error) != nullptr; }};
}

/// Everything that is known about an operation from outside. See `check_op` for the checks.
struct OpCase {
  /// Name in reports, and prefix of its tensors in the fixture.
  std::string name = "";
  /// Small inputs: every element is perturbed by the gradient check.
  std::vector<OpInput> inputs = {};
  OpFunction f = {};
  /// File tests/fixtures/ops/<fixture>.safetensors with PyTorch's values and gradients for `name`.
  std::string fixture = "";
  /// Why PyTorch cannot be the reference (random numbers); only then may `fixture` be empty.
  std::string without_fixture = "";
  /// The inputs' shapes for a size n, tried at 1, 31, 33, 1023.
  std::function<Shapes(tempa::Index n)> sized = nullptr;
  /// The largest n whose shapes the CUDA kernels support.
  tempa::Index largest_on_cuda = 1023;
  /// The same operation as plain loops in double, compared at the same sizes. Optional.
  std::function<tempa::Tensor<double>(const std::vector<tempa::Tensor<double>>&)> naive = nullptr;
  /// The input that has a given output, of an operation whose backward reads its output, for which a 16-bit one is
  /// rounded.
  std::function<tempa::Tensor<double>(const tempa::Tensor<double>&)> inverse = nullptr;
  /// The inputs' shapes that are benchmarked; the first are also those for which 1 and 2 threads must agree.
  std::vector<Shapes> large = {};
  /// Floating-point operations of the forward pass; without it the benchmark counts bytes.
  std::function<double(const Shapes&)> flops = nullptr;
  std::vector<OpError> errors = {};
};

/// Runs every check on `op` in the current Catch2 test case:
/// gradcheck in double at 1e-6; backward twice gives exactly twice the gradient (so an operation must pass every input
/// its gradient in one piece); one input alone gets the same gradient as with all others, and no gradient reaches the
/// rest;
/// nothing is recorded under NoGrad; values and gradients of the PyTorch fixture, where double is exact to rounding and
/// float errs at most twice as much as PyTorch's float; odd sizes, float against double, and double against `naive`;
/// 16-bit types, which err at most twice as much as rounding the inputs and the results of the computation in double;
/// every documented error; the same bits with 1 and 2 threads; a profiler names it.
void check_op(const OpCase& op);

/// Shapes of the inputs as the case lists them.
inline Shapes shapes_of(const std::vector<OpInput>& inputs) {
  Shapes shapes;
  for (const OpInput& input : inputs) shapes.push_back(input.shape);
  return shapes;
}

/// Reproducible values in (low, high). They are odd multiples of a power of two, so that they are exact in float, sums
/// of their products are exact in double, and none is an integer, where a function may have its kink.
inline std::vector<double> make_values(tempa::Index count, const OpInput& input, std::uint64_t seed) {
  constexpr double kStep = 0x1p-9;
  tempa::Generator generator(seed);
  std::vector<double> values(static_cast<std::size_t>(count));
  if (input.distinct) {
    std::iota(values.begin(), values.end(), 0.5);
    tempa::shuffle(std::span(values), generator);
    for (double& value : values)
      value = static_cast<float>(input.low + (input.high - input.low) * value / static_cast<double>(count));
    return values;
  }
  const double first = std::ceil(input.low / kStep), steps = std::floor(input.high / kStep) - first;
  for (double& value : values)
    value = kStep * (first + 0.5 + static_cast<double>(generator.below(static_cast<std::int64_t>(steps))));
  return values;
}

/// Inputs of the given shapes with the values of the case. @param seed input k uses seed + k.
template <typename T>
Inputs<T> make_inputs(const std::vector<OpInput>& inputs, const Shapes& shapes, std::uint64_t seed = 1) {
  Inputs<T> result;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto values = make_values(shapes.at(k).numel(), inputs[k], seed + k);
    result.emplace_back(tempa::Tensor<double>::from(values, shapes[k]).cast<T>(), inputs[k].requires_grad);
  }
  return result;
}

/// One variable of reproducible values in (-2, 2), e.g. for the call of an `OpError`.
template <typename T = float>
tempa::Variable<T> make_variable(const tempa::Shape& shape, std::uint64_t seed = 1) {
  return make_inputs<T>({{.shape = shape}}, {shape}, seed)[0];
}

/// Element i is (7 i + 3) mod bound: the ids and labels of cases and fixtures alike.
inline tempa::Tensor<std::int32_t> make_indices(const tempa::Shape& shape, tempa::Index bound) {
  tempa::Tensor<std::int32_t> indices(shape);
  for (tempa::Index i = 0; i < shape.numel(); ++i) indices.data()[i] = static_cast<std::int32_t>((7 * i + 3) % bound);
  return indices;
}
