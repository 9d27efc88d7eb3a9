// WordPiece: the longest token that starts a word, then the longest that continues it, and so on.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Splits words into tokens of a vocabulary, greedily; tokens inside a word begin with a prefix, "##". One walk down
/// the vocabulary's trie finds each longest token, and "inside a word" is no more than starting the walk at the prefix,
/// so that nothing is copied, hashed or allocated. Const: any number of threads can share it.
/// @source Schuster and Nakajima 2012; tokenizers `WordPiece`; transformers `WordpieceTokenizer`.
class WordPiece {
 public:
  /// @param unknown_id id of a word that the vocabulary cannot spell, or that is longer than `max_code_points`.
  /// @param prefix with which tokens inside a word begin; it may be empty.
  WordPiece(Vocabulary vocabulary, std::int32_t unknown_id, std::size_t max_code_points = 100,
            std::string_view prefix = "##");

  /// Appends the ids of `word`. @param word valid UTF-8 without white space; an empty word has no ids.
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids) const;

  /// The same, but skips a match when `drop()` says so, unless it is one character or nothing else is left: the
  /// word is split into smaller tokens, in another way each time.
  /// @source Hiraoka 2022, "MaxMatch-Dropout: Subword Regularization for WordPiece"
  template <typename Drop>
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids, Drop&& drop) const {
    if (word.size() > max_code_points_ && count_code_points(word) > max_code_points_) {
      ids.push_back(unknown_id_);
      return;
    }
    const ByteTrie& trie = vocabulary_.trie();
    const std::size_t first_id = ids.size();
    ByteTrie::Node start = ByteTrie::kRoot;
    for (std::size_t position = 0; position < word.size();) {
      std::int32_t longest = ByteTrie::kNoValue, dropped = ByteTrie::kNoValue;
      std::size_t longest_end = position, dropped_end = position;
      const std::size_t one_character = position + decode_utf8(word, position).size;
      ByteTrie::Node node = start;
      for (std::size_t i = position; i < word.size(); ++i) {
        node = trie.step(node, word[i]);
        if (node == ByteTrie::kNone) break;
        if (trie.value(node) == ByteTrie::kNoValue) continue;
        if (i + 1 > one_character && drop()) {
          dropped = trie.value(node);
          dropped_end = i + 1;
        } else {
          longest = trie.value(node);
          longest_end = i + 1;
        }
      }
      if (longest == ByteTrie::kNoValue) {
        longest = dropped;
        longest_end = dropped_end;
      }
      const bool stuck = longest == ByteTrie::kNoValue || (longest_end < word.size() && !has_inside_);
      if (stuck) {
        ids.resize(first_id);
        ids.push_back(unknown_id_);
        return;
      }
      ids.push_back(longest);
      position = longest_end;
      start = inside_;
    }
  }

  /// @return the ids of `word`. @param word valid UTF-8 without white space.
  std::vector<std::int32_t> encode(std::string_view word) const;

  /// @return the vocabulary.
  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
  std::int32_t unknown_id_;
  std::size_t max_code_points_;
  ByteTrie::Node inside_;
  bool has_inside_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/wordpiece.ipp>
#endif
