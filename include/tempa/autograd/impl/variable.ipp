// The bodies of <tempa/autograd/variable.hpp>.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/no_grad.hpp>
#include <tempa/autograd/variable.hpp>
#include <tempa/core/detail/instantiate.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/tensor/profile_scope.hpp>

namespace tempa::inline TEMPA_ABI {

namespace detail {

template <Floating T>
void VariableNode<T>::begin_backward() {
  if (is_leaf() && grad_present && !hooks.empty()) {
    earlier_grad = std::move(grad);
    grad_present = false;
  }
}

template <Floating T>
void VariableNode<T>::propagate() {
  if (grad_present) {
    for (const auto& hook : hooks) hook(grad);
    if (!hooks.empty()) check_own_gradient("a hook on");
    if (backward) {
      const ProfileScope scope(op, ProfileCategory::kBackward);
      backward(std::as_const(grad));
    }
    if (backward && anomaly_detection_enabled()) check_gradients(op, inputs);
    if (!is_leaf() && !retain_grad) clear_grad();
  }
  if (!earlier_grad.empty()) accumulate_grad(std::exchange(earlier_grad, Tensor<T>()));
}

template <Floating T>
std::string_view VariableNode<T>::value_anomaly() const {
  return anomaly_in(value);
}

template <Floating T>
std::string_view VariableNode<T>::gradient_anomaly() const {
  return grad_present ? anomaly_in(grad) : std::string_view();
}

template <Floating T>
void VariableNode<T>::check_own_gradient(std::string_view who) const {
  if (const std::string_view found = gradient_anomaly(); !found.empty()) {
    const std::string name = is_leaf() ? "a leaf" : concat("the result of ", op);
    throw AnomalyError(concat("expected finite gradients but ", who, ' ', name, " gave one with ", found),
                       is_leaf() ? "" : op, is_leaf() ? static_cast<const Node*>(this) : nullptr);
  }
}

template <Floating T>
void VariableNode<T>::free_graph() {
  auto released = std::move(inputs);
  inputs.clear();
  backward = nullptr;
  Graveyard::bury(std::move(released));
}

template <Floating T>
void VariableNode<T>::accumulate_grad(Tensor<T> dx) {
  check_shape("backward", "gradient", dx.shape(), value.shape());
  if (!grad_present) {
    grad = is_leaf() && !dx.unique() ? dx.clone() : std::move(dx);
    grad_present = true;
    return;
  }
  writable_grad();
  on(value.device(), [&](auto backend) { accumulate(backend, grad.data(), std::as_const(dx).data(), grad.numel()); });
}

template <Floating T>
Tensor<T>& VariableNode<T>::writable_grad() {
  if (!grad_present) {
    grad = Tensor<T>::zeros(value.shape(), value.device());
    grad_present = true;
  } else if (!grad.unique()) {
    grad = grad.clone();
  }
  return grad;
}

template <Floating T>
void VariableNode<T>::clear_grad() {
  grad = Tensor<T>();
  grad_present = false;
  grad_factor = 1;
}

}  // namespace detail

template <Floating T>
Variable<T>::Variable(Tensor<T> value, bool requires_grad) : node_(std::make_shared<detail::VariableNode<T>>()) {
  node_->value = std::move(value);
  node_->requires_grad = requires_grad;
}

template <Floating T>
void Variable<T>::assign(const Tensor<T>& values) {
  mutable_value().copy_from(values);
  node_->unrounded = {};
}

template <Floating T>
void Variable<T>::assign_rounded(Tensor<Accumulator<T>> values) requires(!Real<T>) {
  mutable_value().copy_from(values.template cast<T>());
  const bool keeps = requires_grad() && grad_enabled();
  node_->unrounded = !keeps ? Tensor<Accumulator<T>>() : values.unique() ? std::move(values) : values.clone();
}

template <Floating T>
void Variable<T>::move_to(Device device) {
  node_->value = node_->value.to(device);
  if (!node_->unrounded.empty()) node_->unrounded = node_->unrounded.to(device);
}

template <Floating T>
void Variable<T>::set_requires_grad(bool requires_grad) {
  if (!node_->is_leaf()) throw Error("[set_requires_grad] expected a leaf but got the result of an operation");
  node_->requires_grad = requires_grad;
  if (!requires_grad) node_->unrounded = {};
}

template <Floating T>
const Tensor<T>& Variable<T>::grad() const {
  if (!has_grad()) throw Error("[grad] there is no gradient: backward has not reached this variable");
  return node_->grad;
}

template <Floating T>
void Variable<T>::multiply_grad(double factor) const {
  if constexpr (Real<T>) {
    Tensor<T>& grad = mutable_grad();
    on(device(), [&](auto backend) { scale_in_place(backend, grad.data(), grad.numel(), static_cast<T>(factor)); });
  } else {
    node_->grad_factor *= factor;
  }
}

template <Floating T>
void Variable<T>::release_graph() const {
  for (const auto& node : detail::reverse_order(node_)) {
    node->freed = !node->is_leaf();
    node->free_graph();
  }
}

template <Floating T>
void Variable<T>::backward(BackwardOptions options) const {
  if (numel() != 1)
    throw ShapeError(
        concat("[backward] expected a scalar but has shape ", shape(), "; pass the gradient to start from"));
  backward(Tensor<T>::full(shape(), element_cast<T>(1.0f), device()), options);
}

template <Floating T>
void Variable<T>::backward(Tensor<T> gradient, BackwardOptions options) const {
  if (!requires_grad()) throw Error("[backward] this value depends on nothing that requires a gradient");
  check_shape("backward", "gradient", gradient.shape(), shape());
  const ProfileScope scope("backward pass");
  auto order = detail::reverse_order(node_);
  for (const auto& node : order) node->begin_backward();
  node_->accumulate_grad(std::move(gradient));
  if (anomaly_detection_enabled()) node_->check_own_gradient("the start of backward at");
  for (auto& node : order) {
    node->propagate();
    if (!options.retain_graph && !node->is_leaf()) {
      node->free_graph();
      node->freed = true;
    }
    node.reset();  // this list often holds the last reference to an activation
  }
}

TEMPA_INSTANTIATE_CLASS(class detail::VariableNode);
TEMPA_INSTANTIATE_CLASS(class Variable);

}  // namespace tempa::inline TEMPA_ABI
