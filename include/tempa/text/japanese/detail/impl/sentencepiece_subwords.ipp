// The bodies of <tempa/text/japanese/detail/sentencepiece_subwords.hpp>.
#pragma once

#include <tempa/text/japanese/detail/sentencepiece_subwords.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_preprocess.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

/// Whether the last but one character of a piece that ends in a comma is a digit. @source Python `str.isdigit`.
inline bool ends_in_digit_comma(std::string_view piece) {
  if (!piece.ends_with(',') || piece.size() < 2) return false;
  piece.remove_suffix(1);
  const char32_t c = decode_utf8(piece, last_code_point(piece)).value;
  return category(c) == UTF8PROC_CATEGORY_ND || contains(kOtherDigits, c);
}

TEMPA_INLINE std::vector<std::string> sentencepiece_pieces(const SentencePieceProcessor& processor,
                                                           std::string_view text) {
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
