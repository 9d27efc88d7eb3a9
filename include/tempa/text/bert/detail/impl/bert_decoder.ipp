// The bodies of <tempa/text/bert/detail/bert_decoder.hpp>.
#pragma once

#include <tempa/text/bert/detail/bert_decoder.hpp>

#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE std::string replace_all(const std::string& text, std::string_view from, std::string_view to) {
  std::string replaced;
  std::size_t begin = 0;
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, begin)) {
    replaced.append(text, begin, at - begin).append(to);
    begin = at + from.size();
  }
  return begin == 0 ? text : replaced.append(text, begin);
}

TEMPA_INLINE std::string clean_up_spaces(std::string text, bool of_token) {
  constexpr std::pair<std::string_view, std::string_view> kReplacements[] = {
      {" .", "."},   {" ?", "?"},           {" !", "!"},   {" ,", ","},     {" ' ", "'"},   {" n't", "n't"},
      {" 'm", "'m"}, {" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& [from, to] : kReplacements) {
    if (of_token || from != " do not") text = replace_all(text, from, to);
  }
  return text;
}

TEMPA_INLINE std::string decode_bert(const BertTokenizerState& state, std::span<const std::int32_t> ids,
                                     bool skip_special) {
  const std::string& prefix = state.options.continuing_subword_prefix;
  std::string text;
  bool first = true;
  for (const std::int32_t id : ids) {
    std::string token = state.token(id);
    if (skip_special && state.is_skipped(id)) continue;
    if (!first) token = token.starts_with(prefix) ? token.substr(prefix.size()) : " " + token;
    text += state.options.clean_up_tokens ? clean_up_spaces(std::move(token), true) : token;
    first = false;
  }
  return text;
}

}  // namespace tempa::inline TEMPA_ABI::detail
