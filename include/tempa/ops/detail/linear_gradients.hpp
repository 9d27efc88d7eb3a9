// What linear layers check, and the gradients of their weights.
#pragma once

#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/variable.hpp>
#include <tempa/cpu/gemm/gemm_epilogue.hpp>
#include <tempa/cpu/reduce.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <string_view>

namespace tempa::inline TEMPA_ABI::detail {

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

}  // namespace tempa::inline TEMPA_ABI::detail
