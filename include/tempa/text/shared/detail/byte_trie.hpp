// A read-only map from byte strings to numbers that is searched byte by byte.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI {

/// A trie over bytes, stored breadth-first: the children of a node are adjacent, sorted by their byte, so that a
/// node is eight bytes plus one label, and a wide node is searched by memchr.
class ByteTrie {
 public:
  using Node = std::uint32_t;
  static constexpr Node kRoot = 0;
  static constexpr Node kNone = 0;  ///< what `step` returns where there is no child (the root is nobody's child)
  static constexpr std::int32_t kNoValue = -1;

  ByteTrie() : ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>>{}) {}

  /// @param entries keys (not empty) and values (not negative); of equal keys the last one counts.
  explicit ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> entries) {
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

  /// @return the child of `node` along `byte`, or kNone.
  Node step(Node node, char byte) const {
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

  /// @return the node that `key` leads to (the root for an empty key), or one of value kNone if there is none.
  Node find_node(std::string_view key) const {
    Node node = kRoot;
    for (const char byte : key) {
      node = step(node, byte);
      if (node == kNone) return kNone;
    }
    return node;
  }

  /// @return the value of the key that ends at `node`, or kNoValue.
  std::int32_t value(Node node) const { return values_[node]; }

  /// @return the value of `key`, or kNoValue.
  std::int32_t find(std::string_view key) const {
    const Node node = find_node(key);
    return node == kNone ? kNoValue : value(node);
  }

 private:
  static constexpr Node kLinearWidth = 4;

  std::vector<char> labels_;       // the byte that leads to a node
  std::vector<Node> first_child_;  // one entry more than nodes
  std::vector<std::int32_t> values_;
};

}  // namespace tempa::inline TEMPA_ABI
