// The bodies of <tempa/text/shared/detail/token_splitter.hpp>.
#pragma once

#include <tempa/text/detail/unicode/word_character_table.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE bool is_word_character(char32_t c) {
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

TEMPA_INLINE TokenSplitter::TokenSplitter(std::vector<SplitterToken> tokens) : tokens_(std::move(tokens)) {
  std::vector<std::pair<std::string_view, std::int32_t>> entries;
  for (const SplitterToken& token : tokens_) {
    entries.emplace_back(token.text, static_cast<std::int32_t>(entries.size()));
    starts_[static_cast<unsigned char>(token.text[0])] = true;
  }
  trie_ = ByteTrie(std::move(entries));
}

TEMPA_INLINE std::pair<const SplitterToken*, std::size_t> TokenSplitter::longest_at(std::string_view text,
                                                                                    std::size_t begin) const {
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

TEMPA_INLINE bool TokenSplitter::stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const auto word_at = [&](std::size_t position) { return is_word_character(decode_utf8(text, position).value); };
  return !(begin > 0 && word_at(last_code_point(text.substr(0, begin)))) && !(end < text.size() && word_at(end));
}

}  // namespace tempa::inline TEMPA_ABI
