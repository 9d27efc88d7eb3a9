// y = x W^T + b, also several of them with the same x.
#pragma once

#include <tempa/autograd/variable.hpp>
#include <tempa/cpu/gemm/gemm_epilogue.hpp>
#include <tempa/cpu/reduce.hpp>
#include <tempa/tensor/profile_scope.hpp>

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
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias = {});

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
Variable<T> linears(const Variable<T>& x, const std::vector<LinearParameters<T>>& layers);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/ops/impl/linear.ipp>
#endif
