// The bodies of <tempa/text/bert/detail/wordpiece.hpp>.
#pragma once

#include <tempa/text/bert/detail/wordpiece.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE WordPiece::WordPiece(Vocabulary vocabulary, std::int32_t unknown_id, std::size_t max_code_points,
                                  std::string_view prefix)
    : vocabulary_(std::move(vocabulary)),
      unknown_id_(unknown_id),
      max_code_points_(max_code_points),
      inside_(vocabulary_.trie().find_node(prefix)),
      has_inside_(prefix.empty() || inside_ != ByteTrie::kNone) {}

TEMPA_INLINE void WordPiece::append_ids(std::string_view word, std::vector<std::int32_t>& ids) const {
  append_ids(word, ids, [] { return false; });
}

TEMPA_INLINE std::vector<std::int32_t> WordPiece::encode(std::string_view word) const {
  std::vector<std::int32_t> ids;
  append_ids(word, ids);
  return ids;
}

}  // namespace tempa::inline TEMPA_ABI
