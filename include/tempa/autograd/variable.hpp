// A tensor, its gradient, and its place on the tape.
#pragma once

#include <tempa/autograd/detail/node.hpp>
#include <tempa/tensor/tensor.hpp>

#include <functional>
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

  void begin_backward() override;

  void propagate() override;

  std::string_view value_anomaly() const override;
  std::string_view gradient_anomaly() const override;
  /// @throws AnomalyError when the gradient that `who` computed is not finite.
  void check_own_gradient(std::string_view who) const;

  void free_graph() override;

  /// grad += dx. A leaf's gradient never shares storage, since optimizers and clipping write to it.
  void accumulate_grad(Tensor<T> dx);

  /// The gradient, to be added to: zeros when there was none, in its own storage.
  Tensor<T>& writable_grad();

  void clear_grad();

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
  explicit Variable(Tensor<T> value, bool requires_grad = false);

  /// Whether there is a value.
  bool defined() const { return node_ != nullptr; }
  const Tensor<T>& value() const { return node_->value; }
  /// The value for writing in place (initialization, optimizer steps). Not recorded.
  Tensor<T>& mutable_value() { return node_->value; }
  /// value = values (same shape), in the existing storage. Not recorded.
  void assign(const Tensor<T>& values);
  /// value = values (same shape, same device) rounded to the 16-bit T. Not recorded. A parameter keeps `values` as
  /// `unrounded`, but not under `NoGrad`: a model that is loaded for inference uses two bytes a weight.
  void assign_rounded(Tensor<Accumulator<T>> values) requires(!Real<T>);
  /// The values of a 16-bit parameter before they were rounded, until its optimizer takes them as its first master
  /// weights. Empty when only `value` is known. Where an element of `value` is not the rounded one, it was written
  /// later and takes precedence.
  const Tensor<Accumulator<T>>& unrounded() const { return node_->unrounded; }
  Tensor<Accumulator<T>> take_unrounded() const { return std::exchange(node_->unrounded, {}); }
  /// Moves value and `unrounded`. @throws OutOfMemoryError, CudaError.
  void move_to(Device device);
  const Shape& shape() const { return value().shape(); }
  Index size(Index axis) const { return value().size(axis); }
  Index numel() const { return value().numel(); }
  Device device() const { return value().device(); }
  /// The only element of the value. @throws ShapeError unless there is exactly one.
  T item() const { return value().item(); }

  bool requires_grad() const { return node_->requires_grad; }
  /// Makes a leaf a parameter, or freezes it. @throws Error for the result of an operation.
  void set_requires_grad(bool requires_grad);
  bool is_leaf() const { return node_->is_leaf(); }

  bool has_grad() const { return node_->grad_present; }
  /// d loss / d this, the sum over all backward passes since `clear_grad`. @throws Error when there is none.
  const Tensor<T>& grad() const;
  /// The gradient, to be added to or scaled; zeros when there was none.
  Tensor<T>& mutable_grad() const { return node_->writable_grad(); }
  /// The factor by which a reader multiplies the gradient: 1, except for 16-bit gradients after `multiply_grad`.
  double grad_factor() const { return node_->grad_factor; }
  /// Scales the gradient: in place, or for a 16-bit type, which would lose small values, by `grad_factor`.
  void multiply_grad(double factor) const;
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
  void release_graph() const;

  /// The same value as a new leaf without gradient or tape.
  Variable detach() const { return Variable(value()); }

  /// Computes the gradients of this scalar with respect to every leaf that it depends on, and adds them to theirs.
  /// @throws ShapeError when there is more than one element; Error when the graph has been freed or nothing requires a
  /// gradient.
  void backward(BackwardOptions options = {}) const;
  /// The same from a given gradient of this variable (same shape).
  void backward(Tensor<T> gradient, BackwardOptions options = {}) const;

  /// The untyped node, for `record`.
  const std::shared_ptr<detail::VariableNode<T>>& node() const { return node_; }

 private:
  std::shared_ptr<detail::VariableNode<T>> node_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/autograd/impl/variable.ipp>
#endif
