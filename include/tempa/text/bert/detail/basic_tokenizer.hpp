// BERT's basic tokenizer: cleans the text, lower-cases, strips accents, splits at spaces, punctuation and ideographs.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

struct BasicTokenizerOptions {
  bool lower_case = true;
  std::optional<bool> strip_accents = std::nullopt;  ///< when absent: as `lower_case`
  bool tokenize_chinese_chars = true;                ///< every CJK ideograph is a separate word
  TextRules rules = TextRules::kFast;
  std::vector<std::string> never_split{};  ///< space-separated words that are left as they are
};

/// Splits text into words. Const and stateless: any number of threads can share it.
///   fast:   clean -> ideographs apart -> NFD without marks -> lower case -> punctuation apart
///   Python: clean -> ideographs apart -> NFC -> lower case (final sigma) -> NFD without marks -> punctuation apart
/// Pure ASCII between two spaces takes a table-driven path; both orders are the same there.
/// @source tokenizers `BertNormalizer` and `BertPreTokenizer`; transformers `BasicTokenizer`.
class BasicTokenizer {
 public:
  /// @throws ValueError where a word of `never_split` is not valid UTF-8.
  explicit BasicTokenizer(BasicTokenizerOptions options = {});

  /// @return the options it was made with.
  const BasicTokenizerOptions& options() const { return options_; }

  /// Calls `visit(std::string_view word)` for each word in order; the view is valid during the call.
  /// @param text UTF-8. @throws ValueError with the byte offset where `text` is not valid UTF-8.
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    require_valid_utf8("BasicTokenizer", text);
    if (options_.rules == TextRules::kFast) {
      split<FastCharacters>(text, visit);
    } else {
      split<PythonCharacters>(text, visit);
    }
  }

  /// The text before it is split, by the fast rules: cleaned, ideographs between spaces, without accents, in lower
  /// case, as far as the options say. `never_split` does not count here.
  /// @param text valid UTF-8. @source tokenizers `BertNormalizer`.
  std::string normalize(std::string_view text) const;

  /// The same as `for_each_word` for a text that `normalize` has made, or a part of it.
  /// @param text valid UTF-8. @source tokenizers `BertPreTokenizer`.
  template <typename Visit>
  void for_each_normalized_word(std::string_view text, Visit&& visit) const {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size();) {
      const DecodedCodePoint decoded = decode_utf8(text, i);
      const bool space = FastCharacters::is_space(decoded.value);
      const bool splits = space || FastCharacters::is_punctuation(decoded.value);
      if (splits && begin < i) visit(text.substr(begin, i - begin));
      if (splits && !space) visit(text.substr(i, decoded.size));
      i += decoded.size;
      if (splits) begin = i;
    }
    if (begin < text.size()) visit(text.substr(begin));
  }

  /// @return the words of `text`. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const;

 private:
  enum AsciiClass : std::uint8_t { kLetter, kPunctuation, kRemoved, kSpace, kNotAscii };

  static constexpr std::array<AsciiClass, 256> make_ascii_classes() {
    std::array<AsciiClass, 256> classes{};
    for (std::size_t c = 0; c < 256; ++c) {
      const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      classes[c] = c >= 0x80                                         ? kNotAscii
                   : c == ' ' || c == '\t' || c == '\n' || c == '\r' ? kSpace
                   : c < 0x20 || c == 0x7F                           ? kRemoved
                   : alphanumeric                                    ? kLetter
                                                                     : kPunctuation;
    }
    return classes;
  }
  static AsciiClass ascii_class(char c) {
    static constexpr std::array<AsciiClass, 256> kClasses = make_ascii_classes();
    return kClasses[static_cast<unsigned char>(c)];
  }

  bool is_kept(std::string_view word) const;

  template <typename Characters, typename Visit>
  void split(std::string_view text, Visit& visit) const {
    std::string word;
    std::u32string chunk;  // cleaned code points between two spaces
    std::size_t i = 0;
    while (i < text.size()) {
      std::size_t end = i;
      while (end < text.size() && ascii_class(text[end]) < kSpace) ++end;
      const bool ascii = end == text.size() || ascii_class(text[end]) == kSpace;
      if (ascii && (options_.never_split.empty() || end - i > longest_kept_)) {
        split_ascii(text.substr(i, end - i), word, visit);
        i = end + 1;
        continue;
      }
      for (bool in_chunk = true; in_chunk && i < text.size();) {
        const DecodedCodePoint decoded = decode_utf8(text, i);
        i += decoded.size;
        const char32_t c = decoded.value;
        if (Characters::is_removed(c)) continue;
        if (Characters::is_space(c)) {
          in_chunk = false;
        } else if (options_.tokenize_chinese_chars && Characters::is_cjk(c)) {
          finish_chunk<Characters>(chunk, word, visit);
          chunk.assign(1, c);
          finish_chunk<Characters>(chunk, word, visit);
        } else {
          chunk += c;
        }
      }
      finish_chunk<Characters>(chunk, word, visit);
    }
  }

  template <typename Visit>
  void split_ascii(std::string_view chunk, std::string& word, Visit& visit) const {
    word.clear();
    for (const char c : chunk) {
      const AsciiClass kind = ascii_class(c);
      if (kind == kLetter) {
        word += options_.lower_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
      } else if (kind == kPunctuation) {
        if (!word.empty()) visit(std::string_view(word));
        word.clear();
        visit(std::string_view(&c, 1));
      }
    }
    if (!word.empty()) visit(std::string_view(word));
  }

  template <typename Characters, typename Visit>
  void finish_chunk(std::u32string& chunk, std::string& word, Visit& visit) const {
    if (chunk.empty()) return;
    constexpr bool kPython = std::is_same_v<Characters, PythonCharacters>;
    if constexpr (kPython) chunk = nfc(chunk);
    const auto keep_whole = [&] {
      if (options_.never_split.empty()) return false;
      word = to_utf8(chunk);
      if (!is_kept(word)) return false;
      visit(std::string_view(word));
      return true;
    };
    bool kept = keep_whole();
    if (!kept) {
      normalize<Characters>(chunk);
      if constexpr (kPython) kept = keep_whole();
    }
    if (!kept) {
      word.clear();
      for (const char32_t c : chunk) {
        if (!Characters::is_punctuation(c)) {
          append_utf8(word, c);
          continue;
        }
        if (!word.empty()) visit(std::string_view(word));
        word.clear();
        append_utf8(word, c);
        visit(std::string_view(word));
        word.clear();
      }
      if (!word.empty()) visit(std::string_view(word));
    }
    chunk.clear();
  }

  template <typename Characters>
  void normalize(std::u32string& chunk) const {
    if constexpr (std::is_same_v<Characters, PythonCharacters>) {
      if (options_.lower_case) chunk = to_lower(chunk);
      if (strips_) chunk = Characters::strip_accents(chunk);
    } else {
      if (strips_) chunk = Characters::strip_accents(chunk);
      if (!options_.lower_case) return;
      std::u32string lower;
      lower.reserve(chunk.size());
      for (const char32_t c : chunk) Characters::append_lower(lower, c);
      chunk = std::move(lower);
    }
  }

  BasicTokenizerOptions options_;
  bool strips_;
  std::size_t longest_kept_ = 0;
};

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/basic_tokenizer.ipp>
#endif
