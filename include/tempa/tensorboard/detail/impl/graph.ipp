// The bodies of <tempa/tensorboard/detail/graph.hpp>.
#pragma once

#include <tempa/autograd/no_grad.hpp>
#include <tempa/tensorboard/detail/graph.hpp>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <unordered_set>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::vector<std::string> scopes_of(std::string_view name) {
  std::vector<std::string> parts;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    std::string part(name.substr(0, dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
    for (char& c : part)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-') c = '_';
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (number && !parts.empty()) {
      parts.back() += "." + part;
    } else {
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

inline Scope common_scope(const Scope& a, const Scope& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return {a.begin(), end};
}

template <Floating T>
bool read_shape(const Node& node, std::vector<std::int64_t>& shape) {
  const auto* typed = dynamic_cast<const VariableNode<T>*>(&node);
  if (typed != nullptr) shape.assign(typed->value.shape().begin(), typed->value.shape().end());
  return typed != nullptr;
}

TEMPA_INLINE std::vector<GraphNode> GraphBuilder::build(const std::shared_ptr<Node>& root) {
  collect(root);
  for (const Node* node : order_)
    if (!node->is_leaf()) find_own_scope(*node);
  std::unordered_map<const Node*, std::string> names;
  std::vector<GraphNode> result;
  for (const Node* node : order_) {
    GraphNode out = node->is_leaf() ? leaf(*node) : operation(*node);
    out.name = unique(out.name);
    for (const auto& input : node->inputs) out.inputs.push_back(names.at(input.get()));
    std::vector<std::int64_t> shape;
    if (read_shape<float>(*node, shape) || read_shape<double>(*node, shape) || read_shape<bfloat16>(*node, shape) ||
        read_shape<float16>(*node, shape))
      out.shape = std::move(shape);
    names[node] = out.name;
    result.push_back(std::move(out));
  }
  return result;
}

TEMPA_INLINE void GraphBuilder::collect(const std::shared_ptr<Node>& root) {
  std::unordered_set<const Node*> seen{root.get()};
  order_ = {root.get()};
  for (std::size_t i = 0; i < order_.size(); ++i)
    for (const auto& input : order_[i]->inputs) {
      consumers_[input.get()].push_back(order_[i]);
      if (seen.insert(input.get()).second) order_.push_back(input.get());
    }
  std::reverse(order_.begin(), order_.end());
  std::stable_sort(order_.begin(), order_.end(), [](const Node* a, const Node* b) {
    return std::pair(!a->is_leaf(), a->sequence) < std::pair(!b->is_leaf(), b->sequence);
  });
}

TEMPA_INLINE void GraphBuilder::find_own_scope(const Node& node) {
  for (const auto& input : node.inputs) {
    const auto parameter = parameters_.find(input.get());
    if (parameter == parameters_.end()) continue;
    const Scope module(parameter->second.begin(), parameter->second.end() - 1);
    const auto found = own_scope_.find(&node);
    own_scope_[&node] = found == own_scope_.end() ? module : common_scope(found->second, module);
  }
}

TEMPA_INLINE std::vector<const Node*> GraphBuilder::nearest(const Node& from, bool backward) const {
  std::vector<const Node*> found, todo{&from};
  std::unordered_set<const Node*> seen{&from};
  while (!todo.empty()) {
    const Node* node = todo.back();
    todo.pop_back();
    const auto visit = [&](const Node* next) {
      if (next->is_leaf() || !seen.insert(next).second) return;
      (own_scope_.contains(next) ? found : todo).push_back(next);
    };
    if (backward) {
      for (const auto& input : node->inputs) visit(input.get());
    } else if (const auto behind = consumers_.find(node); behind != consumers_.end()) {
      for (const Node* next : behind->second) visit(next);
    }
  }
  return found;
}

TEMPA_INLINE Scope GraphBuilder::scope_of(const Node& node) const {
  if (const auto own = own_scope_.find(&node); own != own_scope_.end()) return own->second;
  const auto before = nearest(node, true);
  if (before.empty()) return {};
  const Scope& first = own_scope_.at(before.front());
  if (before.size() == 1) return first.empty() ? first : Scope(first.begin(), first.end() - 1);
  Scope best;
  const auto consider = [&](const Node* a, const Node* b) {
    const Scope common = common_scope(own_scope_.at(a), own_scope_.at(b));
    if (common.size() > best.size()) best = common;
  };
  const auto behind = nearest(node, false);
  for (std::size_t i = 0; i < before.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) consider(before[i], before[j]);
    for (const Node* next : behind) consider(before[i], next);
  }
  return best;
}

TEMPA_INLINE GraphNode GraphBuilder::leaf(const Node& node) const {
  const auto parameter = parameters_.find(&node);
  if (parameter == parameters_.end()) return {.name = "input", .op = "Constant"};
  return {.name = joined(parameter->second), .op = "Parameter"};
}

TEMPA_INLINE GraphNode GraphBuilder::operation(const Node& node) const {
  Scope path = scope_of(node);
  path.push_back(joined(scopes_of(node.op)));
  return {.name = joined(path), .op = node.op};
}

TEMPA_INLINE std::string GraphBuilder::joined(const Scope& scope) {
  std::string text;
  for (const std::string& part : scope) text += (text.empty() ? "" : "/") + part;
  return text;
}

TEMPA_INLINE std::string GraphBuilder::unique(const std::string& name) {
  std::string candidate = name;
  for (int& count = used_[name]; !taken_.insert(candidate).second;) candidate = concat(name, '_', ++count);
  return candidate;
}

}  // namespace tempa::inline TEMPA_ABI::detail
