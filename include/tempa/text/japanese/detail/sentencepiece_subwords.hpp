// Words to subwords by the sentencepiece library, as a Japanese tokenizer has them.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_processor.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

/// The pieces of `text`, where "2,000" is not "▁2," "000" but "▁2" "," "000".
/// @source transformers `SentencepieceTokenizer` in `tokenization_bert_japanese.py`.
std::vector<std::string> sentencepiece_pieces(const SentencePieceProcessor& processor, std::string_view text);

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/japanese/detail/impl/sentencepiece_subwords.ipp>
#endif
