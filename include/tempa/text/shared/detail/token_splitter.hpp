// Finds added tokens in a text as the Rust tokenizers do.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/byte_trie.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// A token with its id and its properties.
struct SplitterToken {
  std::string text;  ///< UTF-8, not empty
  std::int32_t id = 0;
  bool single_word = false;  ///< not found inside a word
  bool lstrip = false;       ///< includes the white space before it
  bool rstrip = false;       ///< includes the white space after it
};

/// Whether a code point belongs to words: Alphabetic, Mark, Decimal_Number, Connector_Punctuation or Join_Control.
/// @source Unicode Technical Standard #18, annex C (`\w`); Rust's regex.
bool is_word_character(char32_t c);

/// Finds tokens in a text: leftmost first, and of several at one place the longest; matches do not overlap.
/// Const: any number of threads can share it.
/// @source tokenizers `AddedVocabulary`.
class TokenSplitter {
 public:
  TokenSplitter() = default;

  /// @param tokens no two with the same text.
  explicit TokenSplitter(std::vector<SplitterToken> tokens);

  /// @return whether there are no tokens.
  bool empty() const { return tokens_.empty(); }

  /// Splits `text` into tokens and the text between them.
  /// @param text valid UTF-8.
  /// @param on_text called as `on_text(std::string_view)` for each stretch of plain text that is not empty.
  /// @param on_token called as `on_token(std::int32_t id, std::string_view found)` for each token, with the white
  ///   space that it includes.
  template <typename OnText, typename OnToken>
  void split(std::string_view text, OnText&& on_text, OnToken&& on_token) const {
    std::size_t begin = 0;  // of the plain text
    for (std::size_t i = 0; i < text.size();) {
      if (!starts_[static_cast<unsigned char>(text[i])]) {
        ++i;
        continue;
      }
      const auto [token, end] = longest_at(text, i);
      if (token == nullptr) {
        ++i;
        continue;
      }
      std::size_t start = i, stop = end;
      i = end;
      if (token->single_word && !stands_alone(text, start, stop)) continue;
      if (token->lstrip) {
        start = std::min(std::max(trim_right(text.substr(0, start), is_white_space).size(), begin), stop);
      }
      if (token->rstrip) stop = text.size() - trim_left(text.substr(stop), is_white_space).size();
      if (begin < start) on_text(text.substr(begin, start - begin));
      on_token(token->id, text.substr(start, stop - start));
      begin = stop;
    }
    if (begin < text.size()) on_text(text.substr(begin));
  }

 private:
  std::pair<const SplitterToken*, std::size_t> longest_at(std::string_view text, std::size_t begin) const;

  static bool stands_alone(std::string_view text, std::size_t begin, std::size_t end);

  std::vector<SplitterToken> tokens_;
  std::array<bool, 256> starts_{};
  ByteTrie trie_;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/shared/detail/impl/token_splitter.ipp>
#endif
