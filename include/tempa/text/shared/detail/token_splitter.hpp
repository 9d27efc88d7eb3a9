// Finds added tokens in a text as the Rust tokenizers do.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/detail/unicode/word_character_table.hpp>
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
inline bool is_word_character(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    case UTF8PROC_CATEGORY_CF:
      return c == 0x200C || c == 0x200D;
    case UTF8PROC_CATEGORY_SO:  // circled and squared letters are alphabetic
      return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) || (c >= 0x1F150 && c <= 0x1F169) ||
             (c >= 0x1F170 && c <= 0x1F189);
    default:
      return detail::contains(detail::kNewWordCharacters, c);
  }
}

/// Finds tokens in a text: leftmost first, and of several at one place the longest; matches do not overlap.
/// Const: any number of threads can share it.
/// @source tokenizers `AddedVocabulary`.
class TokenSplitter {
 public:
  TokenSplitter() = default;

  /// @param tokens no two with the same text.
  explicit TokenSplitter(std::vector<SplitterToken> tokens) : tokens_(std::move(tokens)) {
    std::vector<std::pair<std::string_view, std::int32_t>> entries;
    for (const SplitterToken& token : tokens_) {
      entries.emplace_back(token.text, static_cast<std::int32_t>(entries.size()));
      starts_[static_cast<unsigned char>(token.text[0])] = true;
    }
    trie_ = ByteTrie(std::move(entries));
  }

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
  std::pair<const SplitterToken*, std::size_t> longest_at(std::string_view text, std::size_t begin) const {
    std::pair<const SplitterToken*, std::size_t> longest{nullptr, begin};
    ByteTrie::Node node = ByteTrie::kRoot;
    for (std::size_t i = begin; i < text.size(); ++i) {
      node = trie_.step(node, text[i]);
      if (node == ByteTrie::kNone) break;
      const std::int32_t token = trie_.value(node);
      if (token != ByteTrie::kNoValue) longest = {&tokens_[static_cast<std::size_t>(token)], i + 1};
    }
    return longest;
  }

  static bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
    const auto word_at = [&](std::size_t position) { return is_word_character(decode_utf8(text, position).value); };
    return !(begin > 0 && word_at(last_code_point(text.substr(0, begin)))) && !(end < text.size() && word_at(end));
  }

  std::vector<SplitterToken> tokens_;
  std::array<bool, 256> starts_{};
  ByteTrie trie_;
};

}  // namespace tempa::inline TEMPA_ABI
