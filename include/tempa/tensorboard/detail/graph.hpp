// The tape that led to a result, as a graph whose scopes are the modules.
#pragma once

#include <tempa/nn/module.hpp>
#include <tempa/tensorboard/detail/graph_def.hpp>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

namespace detail {

/// "bert.encoder.layer.0.weight" as scopes: bert, encoder, layer.0, weight.
std::vector<std::string> scopes_of(std::string_view name);

using Scope = std::vector<std::string>;

/// Turns nodes of the tape into nodes of a graph.
///
/// The tape knows operations and parameters, but not which module called an operation. One that reads parameters
/// belongs to their module. Another belongs, when it has one such operation before it (over others without parameters),
/// to the module around that one; when it has several, to the innermost module that contains two of them or one of them
/// and one after it.
class GraphBuilder {
 public:
  explicit GraphBuilder(std::unordered_map<const Node*, Scope> parameters) : parameters_(std::move(parameters)) {}

  std::vector<GraphNode> build(const std::shared_ptr<Node>& root);

 private:
  /// All nodes, each after its inputs.
  void collect(const std::shared_ptr<Node>& root);

  void find_own_scope(const Node& node);

  /// The nearest operations with parameters in one direction.
  std::vector<const Node*> nearest(const Node& from, bool backward) const;

  Scope scope_of(const Node& node) const;

  GraphNode leaf(const Node& node) const;
  GraphNode operation(const Node& node) const;

  static std::string joined(const Scope& scope);
  /// A second "a/add" becomes "a/add_1".
  std::string unique(const std::string& name);

  std::unordered_map<const Node*, Scope> parameters_;
  std::vector<const Node*> order_;
  std::unordered_map<const Node*, std::vector<const Node*>> consumers_;
  std::unordered_map<const Node*, Scope> own_scope_;
  std::map<std::string, int> used_;
  std::set<std::string> taken_;
};

/// Calls `f` with the root of the graph in a model's output: the loss where there is one, else the logits or the
/// pooled output.
template <typename Output, typename F>
std::vector<GraphNode> with_graph_root(const Output& output, const F& f) {
  if constexpr (is_variable<Output>) {
    return f(output);
  } else if constexpr (requires {
                         output.loss;
                         output.logits;
                       }) {
    return output.loss.defined() ? f(output.loss) : f(output.logits);
  } else if constexpr (requires { output.loss; }) {
    return f(output.loss);
  } else if constexpr (requires { output.logits; }) {
    return f(output.logits);
  } else {
    return f(output.pooler_output);
  }
}

}  // namespace detail

/// The recorded operations that led to `output`, named by the modules whose parameters they read:
/// "bert/encoder/layer.0/…".
/// @param module names the parameters. @param output of a call that was recorded, before backward.
/// @throws ValueError when nothing was recorded: everything is frozen, under `NoGrad`, or backward has run.
template <Module M, Floating T>
std::vector<GraphNode> trace_graph(M& module, const Variable<T>& output) {
  if (!output.defined() || output.is_leaf() || output.node()->freed)
    throw ValueError(
        "[add_graph] expected a recorded result but there is no tape behind it: everything is frozen, a "
        "NoGrad is alive, or backward has run");
  std::unordered_map<const detail::Node*, detail::Scope> parameters;
  detail::for_each_parameter(leaves(module), [&](const std::string& name, const auto& variable) {
    parameters.emplace(variable.node().get(), detail::scopes_of(name));
  });
  return detail::GraphBuilder(std::move(parameters)).build(output.node());
}

/// The graph of one call of `model` on `batch`, in evaluation mode; the model is not changed.
/// @param batch what the model is called with.
/// @throws ValueError as above; what the model throws.
/// @source torch.utils.tensorboard add_graph
template <Module M, typename Batch>
requires(!detail::is_variable<Batch>) std::vector<GraphNode> trace_graph(M& model, const Batch& batch) {
  std::vector<std::pair<TrainingMode*, bool>> modes;
  detail::for_each_mode(leaves(model), [&](TrainingMode& mode) { modes.emplace_back(&mode, mode.training); });
  struct Restore {
    std::vector<std::pair<TrainingMode*, bool>>& modes;
    ~Restore() {
      for (auto& [mode, training] : modes) mode->training = training;
    }
  } const restore{modes};
  set_training(model, false);
  return detail::with_graph_root(model(batch), [&](const auto& root) { return trace_graph(model, root); });
}

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/tensorboard/detail/impl/graph.ipp>
#endif
