// The unigram language model: the most likely way to split a word into pieces of a vocabulary.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A piece of text and the logarithm of its probability.
struct ScoredPiece {
  std::string text;
  double score = 0.0;
};

/// Splits words into the pieces with the greatest sum of scores (Viterbi, from left to right; of equals the one found
/// first). A character that no piece covers costs 10 more than the worst piece, and a run of them becomes one unknown
/// id. Const: any number of threads can share it.
/// @source Kudo 2018, "Subword Regularization"; tokenizers `Unigram::encode_optimized`.
class Unigram {
 public:
  /// @param pieces piece i has id i; where a text occurs twice, the last id counts. @param unknown_id one of the ids.
  /// @throws ValueError where there is no such piece.
  Unigram(std::vector<ScoredPiece> pieces, std::int32_t unknown_id);

  /// Appends the ids of `word`. @param word valid UTF-8; an empty word has no ids.
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids) const;

  /// The same, but skips a match of more than one character when `drop()` says so.
  template <typename Drop>
  void append_ids(std::string_view word, std::vector<std::int32_t>& ids, Drop&& drop) const {
    std::vector<Node> best(word.size() + 1);  // of the paths that end at this byte
    for (std::size_t begin = 0; begin < word.size();) {
      const double score = best[begin].score;
      const std::size_t character_end = begin + decode_utf8(word, begin).size;
      bool covered = false;
      ByteTrie::Node node = ByteTrie::kRoot;
      for (std::size_t i = begin; i < word.size(); ++i) {
        node = trie_.step(node, word[i]);
        if (node == ByteTrie::kNone) break;
        const std::int32_t id = trie_.value(node);
        if (id == ByteTrie::kNoValue || (i + 1 > character_end && drop())) continue;
        best[i + 1].offer(begin, id, score + pieces_[static_cast<std::size_t>(id)].score);
        covered = covered || i + 1 == character_end;
      }
      if (!covered) best[character_end].offer(begin, unknown_id_, score + unknown_score_);
      begin = character_end;
    }
    const auto first = static_cast<std::ptrdiff_t>(ids.size());
    for (std::size_t end = word.size(); end > 0;) {
      std::size_t begin = best[end].begin;
      std::int32_t id = best[end].id;
      if (id == unknown_id_) {
        while (begin > 0 && best[begin].id == unknown_id_) begin = best[begin].begin;
        const std::int32_t whole = trie_.find(word.substr(begin, end - begin));
        if (whole != ByteTrie::kNoValue) id = whole;
      }
      ids.push_back(id);
      end = begin;
    }
    std::reverse(ids.begin() + first, ids.end());
  }

  /// @return all pieces in the order of their ids.
  const std::vector<ScoredPiece>& pieces() const { return pieces_; }
  /// @return the id of `text`, or ByteTrie::kNoValue.
  std::int32_t find(std::string_view text) const { return trie_.find(text); }
  /// @return the id of characters that no piece covers.
  std::int32_t unknown_id() const { return unknown_id_; }

 private:
  struct Node {
    static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
    double score = 0.0;
    std::size_t begin = kNowhere;
    std::int32_t id = 0;

    void offer(std::size_t from, std::int32_t piece, double candidate);
  };

  std::vector<ScoredPiece> pieces_;
  ByteTrie trie_;
  std::int32_t unknown_id_;
  double unknown_score_ = 0.0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/unigram.ipp>
#endif
