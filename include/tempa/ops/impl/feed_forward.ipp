// The bodies of <tempa/ops/feed_forward.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/ops/attention.hpp>
#include <tempa/ops/detail/linear_gradients.hpp>
#include <tempa/ops/feed_forward.hpp>
#include <tempa/ops/linear.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T>
Variable<T> feed_forward(const Variable<T>& x, const Variable<T>& w1, const Variable<T>& b1, const Variable<T>& w2,
                         const Variable<T>& b2) {
  constexpr const char* kOp = "feed_forward";
  const ProfileScope scope(kOp, ProfileCategory::kForward);
  if (!b1.defined() || !b2.defined()) throw ValueError("[feed_forward] both layers must have a bias but one has none");
  detail::check_linear(kOp, x, w1, b1);
  check_rank(kOp, "w2", w2.shape(), 2);
  check_shape(kOp, "w2", w2.shape(), {w2.size(0), w1.size(0)});
  check_shape(kOp, "b2", b2.shape(), {w2.size(0)});
  check_same_device(kOp, x, w2, b2);
  using A = Accumulator<T>;
  const Index rows = x.shape().flatten_to_2d().first, in = w1.size(1), inner = w1.size(0), out = w2.size(0);
  Tensor<T> hidden(Shape{rows, inner}, x.device());     // (rows,F)
  Tensor<T> activated(Shape{rows, inner}, x.device());  // (rows,F)
  Tensor<T> y(x.shape().with(-1, out), x.device());     // (rows,C')
  count_product<T>(rows, inner, in);
  count_product<T>(rows, out, inner);
  on(x.device(), [&](auto backend) {
    using enum cpu::Transpose;
    gemm_bias_gelu(backend, kNo, kYes, rows, inner, in, x.value().data(), in, w1.value().data(), in, b1.value().data(),
                   activated.data(), hidden.data(), inner);
    gemm_bias(backend, kNo, kYes, rows, out, inner, std::as_const(activated).data(), inner, w2.value().data(), inner,
              b2.value().data(), y.data(), out);
  });
  return record(kOp, std::move(y), {x, w1, b1, w2, b2}, [=](const Tensor<T>& dy) {
    on(x.device(), [&](auto backend) {
      using enum cpu::Transpose;
      detail::add_linear_gradients(backend, w2, b2, dy.data(), activated.data(), rows);
      if (!x.requires_grad() && !w1.requires_grad() && !b1.requires_grad()) return;
      Tensor<T> dhidden(hidden.shape(), x.device());  // (rows,F)
      count_product<T>(rows, out, inner);
      gemm_gelu_backward(backend, kNo, kNo, rows, inner, out, dy.data(), out, w2.value().data(), inner, hidden.data(),
                         dhidden.data(), inner);
      detail::add_linear_gradients(backend, w1, b1, std::as_const(dhidden).data(), x.value().data(), rows);
      if (!x.requires_grad()) return;
      count_product<T>(rows, inner, in);
      Tensor<T> dx(x.shape(), x.device());  // (rows,in)
      gemm(backend, kNo, kNo, rows, in, inner, A(1), std::as_const(dhidden).data(), inner, w1.value().data(), in, A(0),
           dx.data(), in);
      x.accumulate_grad(std::move(dx));
    });
  });
}

TEMPA_INSTANTIATE_FUNCTION(feed_forward);

}  // namespace tempa::inline TEMPA_ABI
