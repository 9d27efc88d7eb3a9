// Makes an operation of a formula of math/.
#pragma once

#include <tempa/autograd/tape.hpp>
#include <tempa/cpu/elementwise.hpp>
#include <tempa/tensor/profile_scope.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

/// y_i = f(x_i) for every element, with the formula's own derivative: a user's own activation is a struct with `f` and
/// `df`.
/// @param op the operation's name, a literal. @param x any shape. @param formula see `math::UnaryFormula`.
/// @return y, the shape of x
/// @saves nothing of its own: backward reads x or y.
template <Floating T, math::UnaryFormula<Accumulator<T>> Formula>
Variable<T> elementwise(const char* op, const Variable<T>& x, Formula formula) {
  const ProfileScope scope(op, ProfileCategory::kForward);
  Tensor<T> y(x.shape(), x.device());
  on(x.device(), [&](auto backend) { unary_forward(backend, y.data(), x.value().data(), y.numel(), formula); });
  count_bytes(x, y);
  const Tensor<T> saved = Formula::kDerivative == math::Derivative::kOfOutput ? y : x.value();
  return record(op, std::move(y), {x}, [=](const Tensor<T>& dy) {
    Tensor<T> dx(dy.shape(), dy.device());
    count_bytes(dy, saved, dx);
    on(dy.device(),
       [&](auto backend) { unary_backward(backend, dx.data(), dy.data(), saved.data(), dx.numel(), formula); });
    x.accumulate_grad(std::move(dx));
  });
}

}  // namespace tempa::inline TEMPA_ABI
