// The bodies of <tempa/text/sentencepiece/detail/unigram.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/text/sentencepiece/detail/unigram.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE Unigram::Unigram(std::vector<ScoredPiece> pieces, std::int32_t unknown_id)
    : pieces_(std::move(pieces)), unknown_id_(unknown_id) {
  if (unknown_id < 0 || static_cast<std::size_t>(unknown_id) >= pieces_.size()) {
    throw ValueError(concat("[Unigram] unknown_id must be in [0, ", pieces_.size(), ") but is ", unknown_id));
  }
  std::vector<std::pair<std::string_view, std::int32_t>> entries;
  double worst = pieces_[0].score;
  for (std::size_t id = 0; id < pieces_.size(); ++id) {
    worst = std::min(worst, pieces_[id].score);
    if (!pieces_[id].text.empty()) entries.emplace_back(pieces_[id].text, static_cast<std::int32_t>(id));
  }
  trie_ = ByteTrie(std::move(entries));
  constexpr double kUnknownPenalty = 10.0;
  unknown_score_ = worst - kUnknownPenalty;
}

TEMPA_INLINE void Unigram::append_ids(std::string_view word, std::vector<std::int32_t>& ids) const {
  append_ids(word, ids, [] { return false; });
}

TEMPA_INLINE void Unigram::Node::offer(std::size_t from, std::int32_t piece, double candidate) {
  if (begin != kNowhere && candidate <= score) return;
  *this = {candidate, from, piece};
}

}  // namespace tempa::inline TEMPA_ABI
