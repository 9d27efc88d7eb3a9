// Checks a backward pass against finite differences.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/autograd/variable.hpp>
#include <tempa/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `gradcheck`.
struct GradcheckOptions {
  /// Step h of the central difference. The truncation error is h^2 |f'''|/6, the rounding error about 1e-16 |f|/h.
  double step = 1e-5;
  /// Largest |analytic - numeric| / max(1, |numeric|) that passes.
  double tolerance = 1e-6;
  /// Seed of the direction u in which the outputs are summed.
  std::uint64_t seed = 7;
  /// At most this many elements of each input are perturbed, evenly spread; 0 means all.
  Index max_elements = 0;
};

/// Outcome of `gradcheck`; converts to bool.
struct GradcheckResult {
  bool passed = true;
  /// Largest relative difference met.
  double worst = 0;
  /// The place of the largest difference, with both derivatives.
  std::string message;
  explicit operator bool() const { return passed; }
};

/// Compares the gradients that backward computes with central differences, for g(x) = sum_i u_i f(x)_i with u uniform
/// in [0.5, 1.5): (g(x + h e_j) - g(x - h e_j)) / 2h for every element j of every input that requires a gradient.
/// @param f takes the vector of inputs and returns a `Variable<double>`; it must be deterministic (fix the dropout
/// seed).
/// @param inputs leaves of any shape; their values are restored and their gradients cleared.
/// @source torch.autograd.gradcheck
template <typename F>
GradcheckResult gradcheck(F&& f, std::vector<Variable<double>> inputs, GradcheckOptions options = {}) {
  for (const auto& input : inputs) input.clear_grad();
  const Variable<double> output = f(inputs);
  Generator generator(options.seed);
  Tensor<double> direction(output.shape());
  for (double& u : direction.span()) u = 0.5 + generator.uniform();
  const auto projected = [&] {
    const NoGrad no_grad;
    const Variable<double> y = f(inputs);
    double sum = 0;
    for (Index i = 0; i < y.numel(); ++i) sum += direction.data()[i] * y.value().data()[i];
    return sum;
  };
  output.backward(direction.clone());

  GradcheckResult result;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    Variable<double>& input = inputs[k];
    if (!input.requires_grad()) continue;
    const Index n = input.numel();
    const Index stride = options.max_elements > 0 ? std::max<Index>(1, n / options.max_elements) : 1;
    for (Index j = 0; j < n; j += stride) {
      double& x = input.mutable_value().data()[j];
      const double original = x;
      x = original + options.step;
      const double above = projected();
      x = original - options.step;
      const double below = projected();
      x = original;
      const double numeric = (above - below) / (2 * options.step);
      const double analytic = input.has_grad() ? input.grad().data()[j] : 0.0;
      const double difference = std::abs(analytic - numeric) / std::max(1.0, std::abs(numeric));
      if (!(difference <= result.worst)) {  // a NaN is the worst
        result.worst = difference;
        result.message = concat("[gradcheck] input ", k, " element ", j, ": backward gives ", analytic,
                                " but finite differences give ", numeric);
      }
    }
    input.clear_grad();
  }
  result.passed = result.worst <= options.tolerance;
  return result;
}

}  // namespace tempa::inline TEMPA_ABI
