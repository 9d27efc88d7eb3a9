// The bodies of <tempa/text/bert/detail/basic_tokenizer.hpp>.
#pragma once

#include <tempa/text/bert/detail/basic_tokenizer.hpp>

#include <algorithm>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE BasicTokenizer::BasicTokenizer(BasicTokenizerOptions options)
    : options_(std::move(options)), strips_(options_.strip_accents.value_or(options_.lower_case)) {
  for (const std::string& word : options_.never_split) {
    require_valid_utf8("BasicTokenizer", word);
    longest_kept_ = std::max(longest_kept_, word.size());
  }
}

TEMPA_INLINE std::string BasicTokenizer::normalize(std::string_view text) const {
  std::u32string cleaned;
  cleaned.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, i);
    i += decoded.size;
    const char32_t c = decoded.value;
    if (FastCharacters::is_removed(c)) continue;
    if (FastCharacters::is_space(c)) {
      cleaned += U' ';
    } else if (options_.tokenize_chinese_chars && FastCharacters::is_cjk(c)) {
      cleaned.append(1, U' ').append(1, c).append(1, U' ');
    } else {
      cleaned += c;
    }
  }
  normalize<FastCharacters>(cleaned);
  return to_utf8(cleaned);
}

TEMPA_INLINE std::vector<std::string> BasicTokenizer::tokenize(std::string_view text) const {
  std::vector<std::string> words;
  for_each_word(text, [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

TEMPA_INLINE bool BasicTokenizer::is_kept(std::string_view word) const {
  return word.size() <= longest_kept_ &&
         std::find(options_.never_split.begin(), options_.never_split.end(), word) != options_.never_split.end();
}

}  // namespace tempa::inline TEMPA_ABI
