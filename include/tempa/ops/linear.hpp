// y = x W^T + b, also several of them with the same x.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/copy.hpp>
#include <tempa/cpu/gemm/gemm_epilogue.hpp>
#include <tempa/cpu/reduce.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// @throws ShapeError, DeviceError unless W (out,in) and the bias (out), where there is one, fit x (…,in).
template <Floating T>
void check_linear(std::string_view op, const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias) {
  check_rank(op, "weight", weight.shape(), 2);
  if (x.shape().rank() == 0 || x.size(-1) != weight.size(1))
    throw ShapeError(concat("[", op, "] x must have ", weight.size(1), " columns for weight ", weight.shape(),
                            " but has shape ", x.shape()));
  check_same_device(op, x, weight);
  if (!bias.defined()) return;
  check_shape(op, "bias", bias.shape(), {weight.size(0)});
  check_same_device(op, x, bias);
}

/// dW += dy^T x and db += the sum of dy's rows, as far as they are needed. @param dy (rows,out). @param x (rows,in).
template <Floating T>
void add_linear_gradients(auto backend, const Variable<T>& weight, const Variable<T>& bias, const T* dy, const T* x,
                          Index rows) {
  using enum cpu::Transpose;
  using A = Accumulator<T>;
  const Index out = weight.size(0), in = weight.size(1);
  const bool of_bias = bias.defined() && bias.requires_grad();
  count_product<T>(rows, out, in, weight.requires_grad() ? 1 : 0);
  if (weight.requires_grad() && of_bias) {
    gemm_bias_gradient(backend, kYes, kNo, out, in, rows, dy, out, x, in, weight.mutable_grad().data(), in,
                       bias.mutable_grad().data());
  } else if (weight.requires_grad()) {
    gemm(backend, kYes, kNo, out, in, rows, A(1), dy, out, x, in, A(1), weight.mutable_grad().data(), in);
  } else if (of_bias) {
    column_sum_accumulate(backend, bias.mutable_grad().data(), dy, rows, out);
  }
}

}  // namespace detail

/// The affine map of every row: y = x W^T + b.
/// @param x (…,in). @param weight W (out,in), the layout of PyTorch and Hugging Face. @param bias (out), or empty for
/// none.
/// @return y (…,out)
/// @saves nothing of its own: backward reads x and W.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.linear
template <Floating T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias = {}) {
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

/// Weight and bias of a linear layer.
template <Floating T>
struct LinearParameters {
  Variable<T> weight;  ///< (out,in)
  Variable<T> bias;    ///< (out)
};

/// Up to three affine maps of one x, with one gradient for x: y_g = x W_g^T + b_g. Used for the queries, keys
/// and values of self-attention.
/// @param x (…,in). @param layers G of them, all of one size and with a bias.
/// @return y (G,…,out)
/// @saves nothing of its own: backward reads x and the weights.
/// @throws ShapeError, DeviceError; ValueError for no layer or more than three.
/// @source torch.nn.functional.linear with weights that are concatenated
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

TEMPA_COMPILED_FUNCTION(linear);
TEMPA_COMPILED_FUNCTION(linears);

}  // namespace tempa::inline TEMPA_ABI
