// The bodies of <tempa/text/japanese/detail/python_token_splitter.hpp>.
#pragma once

#include <tempa/text/japanese/detail/python_token_splitter.hpp>

#include <algorithm>
#include <cstdint>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE PythonTokenSplitter::PythonTokenSplitter(std::vector<SplitterToken> tokens) : tokens_(std::move(tokens)) {
  std::vector<std::pair<std::string_view, std::int32_t>> entries;
  for (const SplitterToken& token : tokens_) {
    entries.emplace_back(token.text, static_cast<std::int32_t>(entries.size()));
    starts_[static_cast<unsigned char>(token.text[0])] = true;
  }
  trie_ = ByteTrie(std::move(entries));
}

TEMPA_INLINE const SplitterToken* PythonTokenSplitter::find(std::string_view text) const {
  const std::int32_t token = trie_.find(text);
  return token == ByteTrie::kNoValue ? nullptr : &tokens_[static_cast<std::size_t>(token)];
}

TEMPA_INLINE ByteTrie::Node PythonTokenSplitter::step(ByteTrie::Node node, std::string_view code_point) const {
  for (const char byte : code_point) {
    node = trie_.step(node, byte);
    if (node == ByteTrie::kNone) break;
  }
  return node;
}

TEMPA_INLINE std::string_view PythonTokenSplitter::code_point_at(std::string_view text, std::size_t position) {
  return position < text.size() ? text.substr(position, decode_utf8(text, position).size) : std::string_view();
}

TEMPA_INLINE std::vector<std::string> PythonTokenSplitter::cut(std::string_view text) const {
  std::vector<std::size_t> cuts{0};
  std::vector<Match> open;  // in the order of their starts
  std::size_t skip = 0;     // what a longer token has covered already
  for (std::size_t at = 0; at < text.size();) {
    const std::string_view c = code_point_at(text, at);
    const std::size_t next = at + c.size();
    if (at < skip || (open.empty() && !starts_[static_cast<unsigned char>(c[0])])) {
      at = next;
      continue;
    }
    bool found = false;
    std::vector<Match> grown;
    for (std::size_t m = 0; m < open.size() && !found; ++m) {
      if (ends(open[m].node)) {
        found = true;
        std::vector<Match> earlier = open;
        std::copy(grown.begin(), grown.end(), earlier.begin());
        const auto [start, end] = leftmost_longest(text, earlier, m, at, next, skip);
        cuts.push_back(start);
        cuts.push_back(end);
      } else {
        grown.push_back({open[m].start, step(open[m].node, c)});
        if (grown.back().node == ByteTrie::kNone) grown.back() = {open[m].start, open[m].node | kMissed};
      }
    }
    open.clear();
    if (!found) {
      for (const Match& match : grown) {
        if ((match.node & kMissed) == 0) open.push_back(match);
      }
    }
    if (at >= skip) {
      const ByteTrie::Node first = step(ByteTrie::kRoot, c);
      if (first != ByteTrie::kNone) open.push_back({at, first});
    }
    at = next;
  }
  for (const Match& match : open) {
    if (!ends(match.node)) continue;
    cuts.push_back(match.start);
    cuts.push_back(text.size());
    break;
  }
  cuts.push_back(text.size());
  std::vector<std::string> pieces;
  for (std::size_t i = 0, begin = 0; i < cuts.size(); ++i) {
    if (cuts[i] <= begin) continue;
    pieces.emplace_back(text.substr(begin, cuts[i] - begin));
    begin = cuts[i];
  }
  return pieces;
}

TEMPA_INLINE std::pair<std::size_t, std::size_t> PythonTokenSplitter::leftmost_longest(std::string_view text,
                                                                                       const std::vector<Match>& open,
                                                                                       std::size_t found,
                                                                                       std::size_t at, std::size_t next,
                                                                                       std::size_t& skip) const {
  for (std::size_t m = 0; m <= found; ++m) {  // those before `found` have read the code point at `at`, it has not
    ByteTrie::Node node = open[m].node & ~kMissed;
    std::size_t position = m < found ? next : at;
    std::size_t end = 0;
    bool complete = ends(node);
    if (complete) end = position;
    for (std::string_view c = code_point_at(text, position); !c.empty(); c = code_point_at(text, position)) {
      node = step(node, c);
      if (node == ByteTrie::kNone) break;
      position += c.size();
      if (ends(node)) {
        complete = true;
        end = position;
      }
    }
    if (complete) {
      skip = end;
      return {open[m].start, end};
    }
  }
  return {at, at};  // not reached: `found` is complete
}

TEMPA_INLINE void PythonTokenSplitter::join(std::vector<std::string>& pieces, std::size_t i) const {
  const SplitterToken* token = find(pieces[i]);
  if (token == nullptr) return;
  const auto is_space = [](char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); };  // Python's strip
  const bool has_left = i > 0 && !pieces[i - 1].empty();
  const bool has_right = i + 1 < pieces.size() && !pieces[i + 1].empty();
  const bool joins_left = token->single_word && has_left && pieces[i - 1].back() != ' ';
  const bool joins_right = token->single_word && has_right && pieces[i + 1].front() != ' ';
  if (token->rstrip && has_right) pieces[i + 1] = std::string(trim_left(pieces[i + 1], is_space));
  if (token->lstrip && has_left) pieces[i - 1] = std::string(trim_right(pieces[i - 1], is_space));
  if (joins_left) {
    pieces[i - 1] += pieces[i];
    pieces[i].clear();
  } else if (joins_right) {
    pieces[i + 1] = pieces[i] + pieces[i + 1];
    pieces[i].clear();
  }
}

}  // namespace tempa::inline TEMPA_ABI
