// A tensor, its gradient, and its place on the tape.
#pragma once

#include <tempa/autograd/detail/node.hpp>
#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/autograd/dispatch.hpp>
#include <tempa/autograd/no_grad.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/cpu/accumulate.hpp>
#include <tempa/tensor/profile_scope.hpp>
#include <tempa/tensor/tensor.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `Variable::backward`.
struct BackwardOptions {
  /// Keep the graph and what it saved, so that backward can run again.
  bool retain_graph = false;
};

template <Floating T>
class Variable;

namespace detail {

template <Floating T>
class VariableNode final : public Node {
 public:
  ~VariableNode() override { free_graph(); }

  void begin_backward() override {
    if (is_leaf() && grad_present && !hooks.empty()) {
      earlier_grad = std::move(grad);
      grad_present = false;
    }
  }

  void propagate() override {
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

  std::string_view value_anomaly() const override { return anomaly_in(value); }
  std::string_view gradient_anomaly() const override { return grad_present ? anomaly_in(grad) : std::string_view(); }
  /// @throws AnomalyError when the gradient that `who` computed is not finite.
  void check_own_gradient(std::string_view who) const {
    if (const std::string_view found = gradient_anomaly(); !found.empty()) {
      const std::string name = is_leaf() ? "a leaf" : concat("the result of ", op);
      throw AnomalyError(concat("expected finite gradients but ", who, ' ', name, " gave one with ", found),
                         is_leaf() ? "" : op, is_leaf() ? static_cast<const Node*>(this) : nullptr);
    }
  }

  void free_graph() override {
    auto released = std::move(inputs);
    inputs.clear();
    backward = nullptr;
    Graveyard::bury(std::move(released));
  }

  /// grad += dx. A leaf's gradient never shares storage, since optimizers and clipping write to it.
  void accumulate_grad(Tensor<T> dx) {
    check_shape("backward", "gradient", dx.shape(), value.shape());
    if (!grad_present) {
      grad = is_leaf() && !dx.unique() ? dx.clone() : std::move(dx);
      grad_present = true;
      return;
    }
    writable_grad();
    on(value.device(), [&](auto backend) { accumulate(backend, grad.data(), std::as_const(dx).data(), grad.numel()); });
  }

  /// The gradient, to be added to: zeros when there was none, in its own storage.
  Tensor<T>& writable_grad() {
    if (!grad_present) {
      grad = Tensor<T>::zeros(value.shape(), value.device());
      grad_present = true;
    } else if (!grad.unique()) {
      grad = grad.clone();
    }
    return grad;
  }

  void clear_grad() {
    grad = Tensor<T>();
    grad_present = false;
    grad_factor = 1;
  }

  Tensor<T> value;
  Tensor<Accumulator<T>> unrounded;  ///< see Variable::unrounded
  Tensor<T> grad;
  Tensor<T> earlier_grad;
  double grad_factor = 1;  ///< see Variable::grad_factor
  bool grad_present = false;
  bool retain_grad = false;
  std::function<void(const Tensor<T>&)> backward;
  std::vector<std::function<void(Tensor<T>&)>> hooks;
};

}  // namespace detail

/// Handle to a value that operations are recorded on. Copies share value, gradient and tape, as in PyTorch.
template <Floating T>
class Variable {
 public:
  using value_type = T;

  /// Empty: no value.
  Variable() = default;
  /// A leaf. @param requires_grad whether backward computes its gradient (a parameter).
  explicit Variable(Tensor<T> value, bool requires_grad = false) : node_(std::make_shared<detail::VariableNode<T>>()) {
    node_->value = std::move(value);
    node_->requires_grad = requires_grad;
  }

  /// Whether there is a value.
  bool defined() const { return node_ != nullptr; }
  const Tensor<T>& value() const { return node_->value; }
  /// The value for writing in place (initialization, optimizer steps). Not recorded.
  Tensor<T>& mutable_value() { return node_->value; }
  /// value = values (same shape), in the existing storage. Not recorded.
  void assign(const Tensor<T>& values) {
    mutable_value().copy_from(values);
    node_->unrounded = {};
  }
  /// value = values (same shape, same device) rounded to the 16-bit T. Not recorded. A parameter keeps `values` as
  /// `unrounded`, but not under `NoGrad`: a model that is loaded for inference uses two bytes a weight.
  void assign_rounded(Tensor<Accumulator<T>> values) requires(!Real<T>) {
    mutable_value().copy_from(values.template cast<T>());
    const bool keeps = requires_grad() && grad_enabled();
    node_->unrounded = !keeps ? Tensor<Accumulator<T>>() : values.unique() ? std::move(values) : values.clone();
  }
  /// The values of a 16-bit parameter before they were rounded, until its optimizer takes them as its first master
  /// weights. Empty when only `value` is known. Where an element of `value` is not the rounded one, it was written
  /// later and takes precedence.
  const Tensor<Accumulator<T>>& unrounded() const { return node_->unrounded; }
  Tensor<Accumulator<T>> take_unrounded() const { return std::exchange(node_->unrounded, {}); }
  /// Moves value and `unrounded`. @throws OutOfMemoryError, CudaError.
  void move_to(Device device) {
    node_->value = node_->value.to(device);
    if (!node_->unrounded.empty()) node_->unrounded = node_->unrounded.to(device);
  }
  const Shape& shape() const { return value().shape(); }
  Index size(Index axis) const { return value().size(axis); }
  Index numel() const { return value().numel(); }
  Device device() const { return value().device(); }
  /// The only element of the value. @throws ShapeError unless there is exactly one.
  T item() const { return value().item(); }

  bool requires_grad() const { return node_->requires_grad; }
  /// Makes a leaf a parameter, or freezes it. @throws Error for the result of an operation.
  void set_requires_grad(bool requires_grad) {
    if (!node_->is_leaf()) throw Error("[set_requires_grad] expected a leaf but got the result of an operation");
    node_->requires_grad = requires_grad;
    if (!requires_grad) node_->unrounded = {};
  }
  bool is_leaf() const { return node_->is_leaf(); }

  bool has_grad() const { return node_->grad_present; }
  /// d loss / d this, the sum over all backward passes since `clear_grad`. @throws Error when there is none.
  const Tensor<T>& grad() const {
    if (!has_grad()) throw Error("[grad] there is no gradient: backward has not reached this variable");
    return node_->grad;
  }
  /// The gradient, to be added to or scaled; zeros when there was none.
  Tensor<T>& mutable_grad() const { return node_->writable_grad(); }
  /// The factor by which a reader multiplies the gradient: 1, except for 16-bit gradients after `multiply_grad`.
  double grad_factor() const { return node_->grad_factor; }
  /// Scales the gradient: in place, or for a 16-bit type, which would lose small values, by `grad_factor`.
  void multiply_grad(double factor) const {
    if constexpr (Real<T>) {
      Tensor<T>& grad = mutable_grad();
      on(device(), [&](auto backend) { scale_in_place(backend, grad.data(), grad.numel(), static_cast<T>(factor)); });
    } else {
      node_->grad_factor *= factor;
    }
  }
  /// Frees the gradient; `has_grad` is false then.
  void clear_grad() const { node_->clear_grad(); }
  /// grad += dx (same shape), or grad = dx where there was none. For the backward of an operation.
  void accumulate_grad(Tensor<T> dx) const { node_->accumulate_grad(std::move(dx)); }

  /// Keeps the gradient of an intermediate value after backward. @source torch.Tensor.retain_grad
  void retain_grad() const { node_->retain_grad = true; }
  /// Calls `hook(gradient)` when the gradient is complete, before it is used; the hook may change it.
  /// @source torch.Tensor.register_hook
  void register_hook(std::function<void(Tensor<T>&)> hook) const { node_->hooks.push_back(std::move(hook)); }
  /// Frees the recorded operations that led to this variable and all that they saved, without a backward pass.
  void release_graph() const {
    for (const auto& node : detail::reverse_order(node_)) {
      node->freed = !node->is_leaf();
      node->free_graph();
    }
  }

  /// The same value as a new leaf without gradient or tape.
  Variable detach() const { return Variable(value()); }

  /// Computes the gradients of this scalar with respect to every leaf that it depends on, and adds them to theirs.
  /// @throws ShapeError when there is more than one element; Error when the graph has been freed or nothing requires a
  /// gradient.
  void backward(BackwardOptions options = {}) const {
    if (numel() != 1)
      throw ShapeError(
          concat("[backward] expected a scalar but has shape ", shape(), "; pass the gradient to start from"));
    backward(Tensor<T>::full(shape(), element_cast<T>(1.0f), device()), options);
  }
  /// The same from a given gradient of this variable (same shape).
  void backward(Tensor<T> gradient, BackwardOptions options = {}) const {
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

  /// The untyped node, for `record`.
  const std::shared_ptr<detail::VariableNode<T>>& node() const { return node_; }

 private:
  std::shared_ptr<detail::VariableNode<T>> node_;
};

TEMPA_COMPILED_CLASS(class detail::VariableNode);
TEMPA_COMPILED_CLASS(class Variable);

}  // namespace tempa::inline TEMPA_ABI
