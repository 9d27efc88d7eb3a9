// What transformers 4 does to a text around the sentencepiece library.
#pragma once

#include <tempa/core/compiled.hpp>
#include <tempa/core/config.hpp>
#include <tempa/text/sentencepiece/sentencepiece_processor.hpp>
#include <tempa/text/unicode/unicode.hpp>
#include <tempa/text/unicode/utf8.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI::detail {

inline constexpr std::string_view kSentencePieceSpace = "\u2581";

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

/// First `` becomes ", then '' does.
inline std::string replace_quotes(std::string text) {
  for (const std::string_view quotes : {"``", "''"}) {
    for (std::size_t at = text.find(quotes); at != std::string::npos; at = text.find(quotes, at + 1)) {
      text.replace(at, quotes.size(), 1, '"');
    }
  }
  return text;
}

struct SentencePiecePreprocessing {
  bool remove_space = true;
  bool keep_accents = true;
  bool lower_case = false;
};

/// @source transformers 4 `AlbertTokenizer.preprocess_text`.
inline std::string preprocess_text(std::string_view text, const SentencePiecePreprocessing& options) {
  std::string out;
  if (options.remove_space) {
    for_each_python_word(text, [&](std::string_view word) { out.append(out.empty() ? "" : " ").append(word); });
  } else {
    out = text;
  }
  out = replace_quotes(std::move(out));
  if (!options.keep_accents) {
    std::u32string decomposed = nfkd(to_utf32(out));
    std::erase_if(decomposed, [](char32_t c) { return property(c).combining_class != 0; });
    out = to_utf8(decomposed);
  }
  return options.lower_case ? to_lower(out) : out;
}

/// Whether the last but one character of a piece that ends in a comma is a digit. @source Python `str.isdigit`.
inline bool ends_in_digit_comma(std::string_view piece) {
  if (!piece.ends_with(',') || piece.size() < 2) return false;
  piece.remove_suffix(1);
  const char32_t c = decode_utf8(piece, last_code_point(piece)).value;
  return category(c) == UTF8PROC_CATEGORY_ND || contains(kOtherDigits, c);
}

/// The pieces of `text`, where "2,000" is not "▁2," "000" but "▁2" "," "000".
/// @source transformers 4 `AlbertTokenizer._tokenize`.
inline std::vector<std::string> sentencepiece_pieces(const SentencePieceProcessor& processor, std::string_view text,
                                                     const SentencePiecePreprocessing& options) {
  std::vector<std::string> pieces;
  for (std::string& piece : processor.encode(preprocess_text(text, options))) {
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
