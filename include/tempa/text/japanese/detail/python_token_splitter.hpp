// Finding added tokens in a text, as the tokenizers do that transformers has in Python.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Finds tokens in a text. Const: one object serves any number of threads.
/// @source transformers `PythonBackend.tokenize`, `Trie.split`.
class PythonTokenSplitter {
 public:
  PythonTokenSplitter() = default;

  /// @param tokens no two with the same text.
  explicit PythonTokenSplitter(std::vector<SplitterToken> tokens) : tokens_(std::move(tokens)) {
    std::vector<std::pair<std::string_view, std::int32_t>> entries;
    for (const SplitterToken& token : tokens_) {
      entries.emplace_back(token.text, static_cast<std::int32_t>(entries.size()));
      starts_[static_cast<unsigned char>(token.text[0])] = true;
    }
    trie_ = ByteTrie(std::move(entries));
  }

  /// Cuts `text` into what lies between the tokens and the tokens.
  /// @param text valid UTF-8.
  /// @param on_text called as `on_text(std::string_view)` for each stretch of plain text that is not empty.
  /// @param on_token called as `on_token(std::int32_t id, std::string_view token)` for each token.
  template <typename OnText, typename OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    std::vector<std::string> pieces = cut(text);
    for (std::size_t i = 0; i < pieces.size(); ++i) join(pieces, i);
    for (const std::string& piece : pieces) {
      if (piece.empty()) continue;
      if (const SplitterToken* token = find(piece)) {
        on_token(token->id, std::string_view(piece));
      } else {
        on_text(std::string_view(piece));
      }
    }
  }

 private:
  struct Match {  // of a token that began at `start` and has come to `node`
    std::size_t start;
    ByteTrie::Node node;
  };

  const SplitterToken* find(std::string_view text) const {
    const std::int32_t token = trie_.find(text);
    return token == ByteTrie::kNoValue ? nullptr : &tokens_[static_cast<std::size_t>(token)];
  }
  bool ends(ByteTrie::Node node) const { return trie_.value(node) != ByteTrie::kNoValue; }

  /// The node one code point further, or kNone.
  ByteTrie::Node step(ByteTrie::Node node, std::string_view code_point) const {
    for (const char byte : code_point) {
      node = trie_.step(node, byte);
      if (node == ByteTrie::kNone) break;
    }
    return node;
  }

  static std::string_view code_point_at(std::string_view text, std::size_t position) {
    return position < text.size() ? text.substr(position, decode_utf8(text, position).size) : std::string_view();
  }

  /// Cuts where tokens begin and end. All beginnings are followed at once; the first token that ends wins, unless one
  /// that began earlier still gets to its end. As in the original, such an earlier one may have missed its last step
  /// and goes on one code point further: what it cuts out is no token then.
  std::vector<std::string> cut(std::string_view text) const {
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

  /// The token `found` has come to an end before `at`. @return where the token to cut out begins and ends.
  std::pair<std::size_t, std::size_t> leftmost_longest(std::string_view text, const std::vector<Match>& open,
                                                       std::size_t found, std::size_t at, std::size_t next,
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

  /// Lets the token that piece `i` is take the white space beside it, or be part of the word beside it.
  void join(std::vector<std::string>& pieces, std::size_t i) const {
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

  static constexpr ByteTrie::Node kMissed = ByteTrie::Node{1} << 31;  // marks a match that the code point ended

  std::vector<SplitterToken> tokens_;
  std::array<bool, 256> starts_{};
  ByteTrie trie_;
};

}  // namespace tempa::inline TEMPA_ABI
