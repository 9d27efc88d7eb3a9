// Records an operation on the tape.
#pragma once

#include <tempa/autograd/detect_anomaly.hpp>
#include <tempa/autograd/variable.hpp>

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// An input of an operation whatever its element type, so that one list can hold variables of several precisions.
class TapeInput {
 public:
  template <Floating T>
  TapeInput(const Variable<T>& variable) : node_(variable.node()) {}  // NOLINT(google-explicit-constructor)

  const std::shared_ptr<detail::Node>& node() const { return node_; }

 private:
  std::shared_ptr<detail::Node> node_;
};

/// Whether an operation on `inputs` will be recorded; otherwise it need not save anything for backward.
bool records(std::span<const TapeInput> inputs);
/// The same for a list.
bool records(std::initializer_list<TapeInput> inputs);

namespace detail {
std::vector<std::shared_ptr<Node>> nodes_of(std::span<const TapeInput> inputs);
}  // namespace detail

/// The result of an operation, with its backward pass recorded.
/// @param op the operation's name, a literal. @param value its result.
/// @param inputs what it depends on; one that is not listed gets no gradient.
/// @param backward called with `const Tensor<T>& dy`, the gradient of the result: for each input x with
///   `x.requires_grad()` it computes the gradient and passes it to `x.accumulate_grad(dx)`, or adds it to
///   `x.mutable_grad()`. What it captures by value is what the operation saves; it is freed as soon as backward has
///   run. It may keep `dy`, but not change it.
/// @throws AnomalyError under `DetectAnomaly` when the value is not finite.
template <Floating T, typename Backward>
Variable<T> record(const char* op, Tensor<T> value, std::span<const TapeInput> inputs, Backward backward) {
  Variable<T> result(std::move(value));
  if (anomaly_detection_enabled()) detail::check_result(op, result.value(), detail::nodes_of(inputs));
  if (!records(inputs)) return result;
  auto& node = *result.node();
  node.requires_grad = true;
  node.op = op;
  node.sequence = detail::Node::next_sequence();
  node.inputs = detail::nodes_of(inputs);
  node.backward = std::move(backward);
  return result;
}
/// The same for a list of inputs.
template <Floating T, typename Backward>
Variable<T> record(const char* op, Tensor<T> value, std::initializer_list<TapeInput> inputs, Backward backward) {
  return record(op, std::move(value), std::span(inputs.begin(), inputs.size()), std::move(backward));
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/autograd/impl/tape.ipp>
#endif
