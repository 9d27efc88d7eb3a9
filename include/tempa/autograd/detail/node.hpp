// A node of the tape: which operation made a value, and its backward pass.
#pragma once

#include <tempa/core/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// The part of a variable's state that does not depend on its element type.
class Node {
 public:
  Node() = default;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  virtual ~Node() = default;

  bool requires_grad = false;
  /// Name of the operation that made this value; nullptr for a leaf.
  const char* op = nullptr;
  /// Position in the order of recording: an input's is always smaller than its output's.
  std::uint64_t sequence = 0;
  std::vector<std::shared_ptr<Node>> inputs;
  /// Whether backward has already run and freed what was saved.
  bool freed = false;

  bool is_leaf() const { return op == nullptr; }
  /// Sets a leaf's gradient of earlier passes aside if it has a hook, which must see only the gradient of this pass.
  virtual void begin_backward() = 0;
  /// If there is a gradient: runs hooks, computes the inputs' gradients from it, and frees it unless it is to be kept.
  virtual void propagate() = 0;
  /// "NaN" or "infinity" where this thread checks for it and the value, or the gradient, contains it; else empty.
  virtual std::string_view value_anomaly() const = 0;
  virtual std::string_view gradient_anomaly() const = 0;
  /// Frees the recorded operation and everything that it saved.
  virtual void free_graph() = 0;

  static std::uint64_t next_sequence() {
    static std::atomic<std::uint64_t> counter{0};
    return ++counter;
  }
};

/// Destroys released nodes in a loop, since a long chain of nodes must not recurse once for each link.
class Graveyard {
 public:
  static void bury(std::vector<std::shared_ptr<Node>>&& nodes) {
    thread_local std::vector<std::shared_ptr<Node>> waiting;
    thread_local bool digging = false;
    for (auto& node : nodes) waiting.push_back(std::move(node));
    if (std::exchange(digging, true)) return;
    while (!waiting.empty()) {
      const auto node = std::move(waiting.back());
      waiting.pop_back();
    }
    digging = false;
  }
};

/// All nodes that `root` depends on and that need a gradient, latest first. @throws Error when a part was already
/// freed.
inline std::vector<std::shared_ptr<Node>> reverse_order(const std::shared_ptr<Node>& root) {
  std::vector<std::shared_ptr<Node>> order{root};
  std::unordered_set<const Node*> seen{root.get()};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::shared_ptr<Node> node = order[i];
    if (node->freed)
      throw Error(concat("[backward] the graph behind ", node->op,
                         " was freed by an earlier backward; pass {.retain_graph = true} to the earlier one"));
    for (const auto& input : node->inputs)
      if (input->requires_grad && seen.insert(input.get()).second) order.push_back(input);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a->sequence > b->sequence; });
  return order;
}

}  // namespace tempa::inline TEMPA_ABI::detail
