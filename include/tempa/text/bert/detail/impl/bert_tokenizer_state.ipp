// The bodies of <tempa/text/bert/detail/bert_tokenizer_state.hpp>.
#pragma once

#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_state.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE AddedVocabulary added_vocabulary(Vocabulary vocabulary, const BertTokenizerOptions& options) {
  AddedVocabulary added(std::move(vocabulary));
  const auto names = options.special_tokens.all();
  for (AddedToken token : options.added_tokens) {
    const bool has_role = std::find(names.begin(), names.end(), token.content) != names.end();
    if (has_role) token.special = true;
    added.add(std::move(token));
  }
  const auto add_special = [&](std::string_view name) {
    const auto id = added.find(name);
    if (id && added.token(*id) != nullptr) return;
    added.add({.content = std::string(name), .special = true});
  };
  for (const std::string_view name : names) {
    if (added.find(name)) add_special(name);
  }
  for (const std::string& name : options.additional_special_tokens) add_special(name);
  return added;
}

TEMPA_INLINE std::string missing_special_token(const AddedVocabulary& added, const SpecialTokens& special) {
  if (!added.vocabulary().find(special.unk_token)) return special.unk_token;
  for (const std::string& name : {special.cls_token, special.sep_token, special.pad_token}) {
    if (!added.find(name)) return name;
  }
  return {};
}

TEMPA_INLINE BertTokenizerState::BertTokenizerState(AddedVocabulary given, BertTokenizerOptions chosen)
    : options(std::move(chosen)),
      added(std::move(given)),
      pad_id(*added.find(options.special_tokens.pad_token)),
      unk_id(*added.find(options.special_tokens.unk_token)),
      cls_id(*added.find(options.special_tokens.cls_token)),
      sep_id(*added.find(options.special_tokens.sep_token)),
      mask_id(added.find(options.special_tokens.mask_token)),
      basic({.lower_case = options.lower_case,
             .strip_accents = options.strip_accents,
             .tokenize_chinese_chars = options.tokenize_chinese_chars,
             .never_split = options.never_split}),
      wordpiece(added.vocabulary(), unk_id, static_cast<std::size_t>(options.max_input_chars_per_word),
                options.continuing_subword_prefix) {
  prepare();
}

TEMPA_INLINE std::optional<std::int32_t> BertTokenizerState::whole_word(std::string_view word) const {
  const std::vector<std::string>& whole = options.never_split;
  if (whole.empty() || std::find(whole.begin(), whole.end(), word) == whole.end()) return std::nullopt;
  return added.find(word).value_or(unk_id);
}

TEMPA_INLINE const std::string& BertTokenizerState::token(std::int32_t id) const {
  if (const auto it = normal_texts_.find(id); it != normal_texts_.end()) return it->second;
  if (const AddedToken* token = added.token(id)) return token->content;
  if (id < 0 || id >= added.size()) {
    throw ValueError(concat("[BertTokenizer] id must be in [0, ", added.size(), ") but is ", id));
  }
  return added.vocabulary().token(id);
}

TEMPA_INLINE bool BertTokenizerState::has_role(std::int32_t id) const {
  return id == pad_id || id == unk_id || id == cls_id || id == sep_id || id == mask_id;
}

TEMPA_INLINE bool BertTokenizerState::is_special(std::int32_t id) const {
  return std::binary_search(special_ids_.begin(), special_ids_.end(), id);
}

TEMPA_INLINE bool BertTokenizerState::is_skipped(std::int32_t id) const {
  if (!is_special(id)) return false;
  const auto it = normal_texts_.find(id);
  if (it == normal_texts_.end()) return true;
  const auto same = added.find(it->second);
  return same && is_special(*same);
}

TEMPA_INLINE SplitterToken BertTokenizerState::splitter_token(std::string text, std::int32_t id,
                                                              const AddedToken& token) {
  return {std::move(text), id, token.single_word, token.lstrip, token.rstrip};
}

TEMPA_INLINE void BertTokenizerState::prepare() {
  std::vector<SplitterToken> raw, normalized;
  std::map<std::string, const AddedToken*> seen;
  for (const auto& [id, token] : added.tokens()) {
    if (token.special) special_ids_.push_back(id);
    if (!token.normalized) {
      raw.push_back(splitter_token(token.content, id, token));
      continue;
    }
    std::string normal = basic.normalize(token.content);
    if (const auto [first, is_new] = seen.try_emplace(normal, &token); !is_new) {
      throw ConfigError(concat("[BertTokenizer] added tokens must differ after normalisation but ",
                               printable(first->second->content), " and ", printable(token.content), " are both ",
                               printable(normal)));
    }
    if (normal != token.content) normal_texts_.emplace(id, normal);
    if (!normal.empty()) normalized.push_back(splitter_token(std::move(normal), id, token));
  }
  raw_ = TokenSplitter(std::move(raw));
  normalized_ = TokenSplitter(std::move(normalized));
}

}  // namespace tempa::inline TEMPA_ABI::detail
