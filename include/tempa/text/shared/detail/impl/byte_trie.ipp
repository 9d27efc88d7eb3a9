// The bodies of <tempa/text/shared/detail/byte_trie.hpp>.
#pragma once

#include <tempa/text/shared/detail/byte_trie.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE ByteTrie::ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  struct Pending {  // the node at `depth` for entries [first, last)
    std::size_t first, last, depth;
  };
  std::vector<Pending> queue{{0, entries.size(), 0}};
  labels_.push_back(0);
  for (std::size_t node = 0; node < queue.size(); ++node) {
    Pending at = queue[node];
    values_.push_back(kNoValue);
    first_child_.push_back(static_cast<Node>(queue.size()));
    while (at.first < at.last && entries[at.first].first.size() == at.depth) {
      if (at.depth > 0) values_.back() = entries[at.first].second;
      ++at.first;
    }
    while (at.first < at.last) {
      const char byte = entries[at.first].first[at.depth];
      std::size_t end = at.first;
      while (end < at.last && entries[end].first[at.depth] == byte) ++end;
      labels_.push_back(byte);
      queue.push_back({at.first, end, at.depth + 1});
      at.first = end;
    }
  }
  first_child_.push_back(static_cast<Node>(queue.size()));
}

TEMPA_INLINE auto ByteTrie::step(Node node, char byte) const -> Node {
  const Node first = first_child_[node];
  const Node last = first_child_[node + 1];
  if (last - first <= kLinearWidth) {
    for (Node child = first; child < last; ++child) {
      if (labels_[child] == byte) return child;
    }
    return kNone;
  }
  const char* begin = labels_.data() + first;
  const void* hit = std::memchr(begin, static_cast<unsigned char>(byte), last - first);
  return hit == nullptr ? kNone : first + static_cast<Node>(static_cast<const char*>(hit) - begin);
}

TEMPA_INLINE auto ByteTrie::find_node(std::string_view key) const -> Node {
  Node node = kRoot;
  for (const char byte : key) {
    node = step(node, byte);
    if (node == kNone) return kNone;
  }
  return node;
}

TEMPA_INLINE std::int32_t ByteTrie::find(std::string_view key) const {
  const Node node = find_node(key);
  return node == kNone ? kNoValue : value(node);
}

}  // namespace tempa::inline TEMPA_ABI
