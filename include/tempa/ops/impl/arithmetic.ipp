// The bodies of <tempa/ops/arithmetic.hpp>.
#pragma once

#include <tempa/core/detail/instantiate.hpp>
#include <tempa/math/loss.hpp>
#include <tempa/ops/arithmetic.hpp>
#include <tempa/ops/detail/sum_to_shape.hpp>

#include <concepts>
#include <utility>

namespace tempa::inline TEMPA_ABI {

template <Floating T, math::BinaryFormula<Accumulator<T>> Formula>
Variable<T> elementwise(const char* op, const Variable<T>& a, const Variable<T>& b, Formula formula) {
  const ProfileScope scope(op, ProfileCategory::kForward);
  const Shape shape = broadcast_shape(op, a.shape(), b.shape());
  check_same_device(op, a, b);
  const auto nest = broadcast_nest(shape, a.shape(), b.shape());
  Tensor<T> y(shape, a.device());
  count_bytes(a, b, y);
  on(a.device(), [&](auto backend) {
    binary_forward(backend, y.data(), a.value().data(), b.value().data(), nest, y.numel(), formula);
  });
  return record(op, std::move(y), {a, b}, [=](const Tensor<T>& dy) {
    constexpr bool kIsSum = std::same_as<Formula, math::Add>, kIsDifference = std::same_as<Formula, math::Subtract>;
    constexpr bool kPassesToA = kIsSum || kIsDifference;  // the gradient is dy itself
    Tensor<T> da, db;
    if (a.requires_grad()) da = kPassesToA ? dy : Tensor<T>(shape, dy.device());
    if (b.requires_grad()) db = kIsSum ? dy : Tensor<T>(shape, dy.device());
    if (!kPassesToA) count_bytes(dy, a, b, da, db);
    on(dy.device(), [&](auto backend) {
      binary_backward(backend, a.requires_grad() && !kPassesToA ? da.data() : nullptr,
                      b.requires_grad() && !kIsSum ? db.data() : nullptr, dy.data(), a.value().data(), b.value().data(),
                      nest, dy.numel(), formula);
    });
    if (a.requires_grad()) a.accumulate_grad(detail::sum_to_shape(std::move(da), a.shape()));
    if (b.requires_grad()) b.accumulate_grad(detail::sum_to_shape(std::move(db), b.shape()));
  });
}

template <Floating T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("maximum", a, b, math::Maximum{});
}

template <Floating T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b) {
  return elementwise("minimum", a, b, math::Minimum{});
}

TEMPA_INSTANTIATE_FUNCTION(elementwise, math::Add);
TEMPA_INSTANTIATE_FUNCTION(elementwise, math::Subtract);
TEMPA_INSTANTIATE_FUNCTION(elementwise, math::Multiply);
TEMPA_INSTANTIATE_FUNCTION(elementwise, math::Divide);
TEMPA_INSTANTIATE_FUNCTION(maximum);
TEMPA_INSTANTIATE_FUNCTION(minimum);

}  // namespace tempa::inline TEMPA_ABI
