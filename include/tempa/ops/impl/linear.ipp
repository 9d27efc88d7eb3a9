// The bodies of <tempa/ops/linear.hpp>.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/detail/linear_gradients.hpp>
#include <tempa/ops/linear.hpp>

#include <array>
#include <cstddef>
#include <span>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) {
  const ProfileScope scope("linear", ProfileCategory::kForward);
  detail::check_linear("linear", x, weight, bias);
  using A = Accumulator<T>;
  const Index rows = x.shape().flatten_to_2d().first, out = weight.size(0), in = weight.size(1);
  Tensor<T> y(x.shape().with(-1, out), x.device());  // (rows,out)
  count_product<T>(rows, out, in);
  on(x.device(), [&](auto backend) {
    using enum cpu::Transpose;
    if (bias.defined()) {
      gemm_bias(backend, kNo, kYes, rows, out, in, x.value().data(), in, weight.value().data(), in, bias.value().data(),
                y.data(), out);
    } else {
      gemm(backend, kNo, kYes, rows, out, in, A(1), x.value().data(), in, weight.value().data(), in, A(0), y.data(),
           out);
    }
  });
  const auto backward = [=](const Tensor<T>& dy) {
    count_product<T>(rows, out, in, x.requires_grad() ? 1 : 0);
    on(x.device(), [&](auto backend) {
      using enum cpu::Transpose;
      if (x.requires_grad()) {
        Tensor<T> dx(x.shape(), x.device());  // (rows,in)
        gemm(backend, kNo, kNo, rows, in, out, A(1), dy.data(), out, weight.value().data(), in, A(0), dx.data(), in);
        x.accumulate_grad(std::move(dx));
      }
      detail::add_linear_gradients(backend, weight, bias, dy.data(), x.value().data(), rows);
    });
  };
  if (bias.defined()) return record("linear", std::move(y), {x, weight, bias}, backward);
  return record("linear", std::move(y), {x, weight}, backward);
}

template <Floating T>
Variable<T> linears(const Variable<T>& x, const std::vector<LinearParameters<T>>& layers) {
  const ProfileScope scope("linears", ProfileCategory::kForward);
  constexpr std::size_t kMost = 3;
  if (layers.empty() || layers.size() > kMost)
    throw ValueError(concat("[linears] expected 1 to ", kMost, " layers but got ", layers.size()));
  for (const auto& [weight, bias] : layers) {
    detail::check_linear("linears", x, weight, bias);
    check_shape("linears", "weight", weight.shape(), layers[0].weight.shape());
    if (!bias.defined()) throw ValueError("[linears] every layer must have a bias but one has none");
  }
  using A = Accumulator<T>;
  const Index rows = x.shape().flatten_to_2d().first, out = layers[0].weight.size(0), in = layers[0].weight.size(1);
  Shape shape{static_cast<Index>(layers.size())};
  for (const Index size : x.shape().with(-1, out)) shape.push_back(size);
  Tensor<T> y(shape, x.device());  // (G,rows,out)
  count_product<T>(rows, out, in, shape[0]);
  std::array<const T*, kMost> weights{}, biases{};
  for (std::size_t g = 0; g < layers.size(); ++g) {
    weights[g] = layers[g].weight.value().data();
    biases[g] = layers[g].bias.value().data();
  }
  on(x.device(), [&](auto backend) {
    using enum cpu::Transpose;
    grouped_gemm_bias(backend, kNo, kYes, rows, out, in, x.value().data(), in,
                      std::span<const T* const>(weights.data(), layers.size()), in,
                      std::span<const T* const>(biases.data(), layers.size()), y.data(), out, rows * out);
  });
  std::vector<TapeInput> inputs{x};
  for (const auto& [weight, bias] : layers) inputs.insert(inputs.end(), {weight, bias});
  return record("linears", std::move(y), inputs, [=](const Tensor<T>& dy) {
    count_product<T>(rows, out, in, x.requires_grad() ? static_cast<Index>(layers.size()) : 0);
    on(x.device(), [&](auto backend) {
      using enum cpu::Transpose;
      const auto part = [&](std::size_t g) { return dy.data() + static_cast<Index>(g) * rows * out; };
      if (x.requires_grad()) {
        Tensor<T> dx(x.shape(), x.device());  // (rows,in)
        for (std::size_t g = 0; g < layers.size(); ++g)
          gemm(backend, kNo, kNo, rows, in, out, A(1), part(g), out, layers[g].weight.value().data(), in,
               g == 0 ? A(0) : A(1), dx.data(), in);
        x.accumulate_grad(std::move(dx));
      }
      for (std::size_t g = 0; g < layers.size(); ++g)
        detail::add_linear_gradients(backend, layers[g].weight, layers[g].bias, part(g), x.value().data(), rows);
    });
  });
}

TEMPA_INSTANTIATE_FUNCTION(linear);
TEMPA_INSTANTIATE_FUNCTION(linears);

}  // namespace tempa::inline TEMPA_ABI
