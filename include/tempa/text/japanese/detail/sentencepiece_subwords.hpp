// Words to subwords by the sentencepiece library, as a Japanese tokenizer has them.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_preprocess.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_processor.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI::detail {

/// Calls `visit(std::string_view)` for each word of `text`, valid UTF-8. @source Python `str.split`.
template <typename Visit>
void for_each_python_word(std::string_view text, Visit&& visit) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint c = decode_utf8(text, i);
    if (is_python_space(c.value)) {
      if (begin < i) visit(text.substr(begin, i - begin));
      begin = i + c.size;
    }
    i += c.size;
  }
  if (begin < text.size()) visit(text.substr(begin));
}

/// Whether the last but one character of a piece that ends in a comma is a digit. @source Python `str.isdigit`.
inline bool ends_in_digit_comma(std::string_view piece) {
  if (!piece.ends_with(',') || piece.size() < 2) return false;
  piece.remove_suffix(1);
  const char32_t c = decode_utf8(piece, last_code_point(piece)).value;
  return category(c) == UTF8PROC_CATEGORY_ND || contains(kOtherDigits, c);
}

/// The pieces of `text`, where "2,000" is not "▁2," "000" but "▁2" "," "000".
/// @source transformers `SentencepieceTokenizer` in `tokenization_bert_japanese.py`.
inline std::vector<std::string> sentencepiece_pieces(const SentencePieceProcessor& processor, std::string_view text) {
  std::string words;
  for_each_python_word(text, [&](std::string_view word) { words.append(words.empty() ? "" : " ").append(word); });
  std::vector<std::string> pieces;
  for (std::string& piece : processor.encode(replace_quotes(std::move(words)))) {
    if (!ends_in_digit_comma(piece)) {
      pieces.push_back(std::move(piece));
      continue;
    }
    std::string number = piece.substr(0, piece.size() - 1);
    for (std::size_t at = number.find(kSentencePieceSpace); at != std::string::npos;
         at = number.find(kSentencePieceSpace)) {
      number.erase(at, kSentencePieceSpace.size());
    }
    std::vector<std::string> parts = processor.encode(number);
    if (!piece.starts_with(kSentencePieceSpace) && !parts.empty() && parts[0].starts_with(kSentencePieceSpace)) {
      parts[0].erase(0, kSentencePieceSpace.size());
      if (parts[0].empty()) parts.erase(parts.begin());
    }
    for (std::string& part : parts) pieces.push_back(std::move(part));
    pieces.emplace_back(",");
  }
  return pieces;
}

}  // namespace tempa::inline TEMPA_ABI::detail
