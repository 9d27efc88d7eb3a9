// Finding added tokens in a text, as the tokenizers do that transformers has in Python.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>

#include <array>
#include <cstddef>
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
  explicit PythonTokenSplitter(std::vector<SplitterToken> tokens);

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

  const SplitterToken* find(std::string_view text) const;
  bool ends(ByteTrie::Node node) const { return trie_.value(node) != ByteTrie::kNoValue; }

  /// The node one code point further, or kNone.
  ByteTrie::Node step(ByteTrie::Node node, std::string_view code_point) const;

  static std::string_view code_point_at(std::string_view text, std::size_t position);

  /// Cuts where tokens begin and end. All beginnings are followed at once; the first token that ends wins, unless one
  /// that began earlier still gets to its end. As in the original, such an earlier one may have missed its last step
  /// and goes on one code point further: what it cuts out is no token then.
  std::vector<std::string> cut(std::string_view text) const;

  /// The token `found` has come to an end before `at`. @return where the token to cut out begins and ends.
  std::pair<std::size_t, std::size_t> leftmost_longest(std::string_view text, const std::vector<Match>& open,
                                                       std::size_t found, std::size_t at, std::size_t next,
                                                       std::size_t& skip) const;

  /// Lets the token that piece `i` is take the white space beside it, or be part of the word beside it.
  void join(std::vector<std::string>& pieces, std::size_t i) const;

  static constexpr ByteTrie::Node kMissed = ByteTrie::Node{1} << 31;  // marks a match that the code point ended

  std::vector<SplitterToken> tokens_;
  std::array<bool, 256> starts_{};
  ByteTrie trie_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/japanese/detail/impl/python_token_splitter.ipp>
#endif
