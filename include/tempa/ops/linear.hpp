// y = x W^T + b.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/bias.hpp>
#include <tempa/cpu/column_sum.hpp>
#include <tempa/cpu/gemm.hpp>

namespace tempa::inline TEMPA_ABI {

/// The affine map of every row: y = x W^T + b.
/// @param x (…,in). @param weight W (out,in), the layout of PyTorch and Hugging Face. @param bias (out), or empty for
/// none.
/// @return y (…,out)
/// @saves nothing of its own: backward reads x and W.
/// @throws ShapeError, DeviceError.
/// @source torch.nn.functional.linear
template <Floating T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias = {}) {
  check_rank("linear", "weight", weight.shape(), 2);
  const Index out = weight.size(0), in = weight.size(1);
  if (x.shape().rank() == 0 || x.size(-1) != in)
    throw ShapeError(
        concat("[linear] x must have ", in, " columns for weight ", weight.shape(), " but has shape ", x.shape()));
  check_same_device("linear", x, weight);
  if (bias.defined()) {
    check_shape("linear", "bias", bias.shape(), {out});
    check_same_device("linear", x, bias);
  }
  using A = Accumulator<T>;
  const Index rows = x.shape().flatten_to_2d().first;
  Tensor<T> y(x.shape().with(-1, out), x.device());  // (rows,out)
  on(x.device(), [&](auto backend) {
    using enum cpu::Transpose;
    if (bias.defined()) broadcast_rows(backend, y.data(), bias.value().data(), rows, out);
    gemm(backend, kNo, kYes, rows, out, in, A(1), x.value().data(), in, weight.value().data(), in,
         bias.defined() ? A(1) : A(0), y.data(), out);
  });
  const auto backward = [=](const Tensor<T>& dy) {
    on(x.device(), [&](auto backend) {
      using enum cpu::Transpose;
      if (x.requires_grad()) {
        Tensor<T> dx(x.shape(), x.device());  // (rows,in)
        gemm(backend, kNo, kNo, rows, in, out, A(1), dy.data(), out, weight.value().data(), in, A(0), dx.data(), in);
        x.accumulate_grad(std::move(dx));
      }
      if (weight.requires_grad())
        gemm(backend, kYes, kNo, out, in, rows, A(1), dy.data(), out, x.value().data(), in, A(1),
             weight.mutable_grad().data(), in);
      if (bias.defined() && bias.requires_grad())
        column_sum_accumulate(backend, bias.mutable_grad().data(), dy.data(), rows, out);
    });
  };
  if (bias.defined()) return record("linear", std::move(y), {x, weight, bias}, backward);
  return record("linear", std::move(y), {x, weight}, backward);
}

}  // namespace tempa::inline TEMPA_ABI
