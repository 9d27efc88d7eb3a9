// The bodies of <tempa/autograd/detail/node.hpp>.
#pragma once

#include <tempa/autograd/detail/node.hpp>
#include <tempa/core/error.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <unordered_set>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::uint64_t Node::next_sequence() {
  static std::atomic<std::uint64_t> counter{0};
  return ++counter;
}

TEMPA_INLINE void Graveyard::bury(std::vector<std::shared_ptr<Node>>&& nodes) {
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

TEMPA_INLINE std::vector<std::shared_ptr<Node>> reverse_order(const std::shared_ptr<Node>& root) {
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
