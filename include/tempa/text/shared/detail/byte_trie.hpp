// A read-only map from byte strings to numbers that is searched byte by byte.
#pragma once

#include <tempa/core/config.hpp>

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

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
  explicit ByteTrie(std::vector<std::pair<std::string_view, std::int32_t>> entries);

  /// @return the child of `node` along `byte`, or kNone.
  Node step(Node node, char byte) const;

  /// @return the node that `key` leads to (the root for an empty key), or one of value kNone if there is none.
  Node find_node(std::string_view key) const;

  /// @return the value of the key that ends at `node`, or kNoValue.
  std::int32_t value(Node node) const { return values_[node]; }

  /// @return the value of `key`, or kNoValue.
  std::int32_t find(std::string_view key) const;

 private:
  static constexpr Node kLinearWidth = 4;

  std::vector<char> labels_;       // the byte that leads to a node
  std::vector<Node> first_child_;  // one entry more than nodes
  std::vector<std::int32_t> values_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/detail/impl/byte_trie.ipp>
#endif
