// A node of the tape: which operation made a value, and its backward pass.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <memory>
#include <string_view>
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

  static std::uint64_t next_sequence();
};

/// Destroys released nodes in a loop, since a long chain of nodes must not recurse once for each link.
class Graveyard {
 public:
  static void bury(std::vector<std::shared_ptr<Node>>&& nodes);
};

/// All nodes that `root` depends on and that need a gradient, latest first. @throws Error when a part was already
/// freed.
std::vector<std::shared_ptr<Node>> reverse_order(const std::shared_ptr<Node>& root);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/autograd/detail/impl/node.ipp>
#endif
