// The parts of a BERT tokenizer, and how it splits a text. The internals of bert_tokenizer.hpp.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/bert/detail/basic_tokenizer.hpp>
#include <tempa/text/bert/detail/wordpiece.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

namespace tempa::inline TEMPA_ABI::detail {

/// The added tokens of a tokenizer: those of the options, then the special tokens.
inline AddedVocabulary added_vocabulary(Vocabulary vocabulary, const BertTokenizerOptions& options) {
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

/// @return the first special token that is in no vocabulary, or an empty string. [MASK] may be missing.
inline std::string missing_special_token(const AddedVocabulary& added, const SpecialTokens& special) {
  if (!added.vocabulary().find(special.unk_token)) return special.unk_token;
  for (const std::string& name : {special.cls_token, special.sep_token, special.pad_token}) {
    if (!added.find(name)) return name;
  }
  return {};
}

/// All of it never changes.
class BertTokenizerState {
 public:
  /// @param given has all special tokens but, perhaps, the mask.
  BertTokenizerState(AddedVocabulary given, BertTokenizerOptions chosen)
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
  BertTokenizerState(const BertTokenizerState&) = delete;
  BertTokenizerState& operator=(const BertTokenizerState&) = delete;

  /// Splits `text` into words and added tokens.
  /// @param on_word called as `on_word(std::string_view)` for each word that WordPiece would split.
  /// @param on_token called as `on_token(std::int32_t id, std::string_view found)` for each added token.
  /// @throws ValueError where `text` is not valid UTF-8.
  template <typename OnWord, typename OnToken>
  void walk(std::string_view text, OnWord&& on_word, OnToken&& on_token) const {
    require_valid_utf8("BertTokenizer", text);
    const auto on_text = [&](std::string_view plain) {
      if (normalized_.empty()) return basic.for_each_word(plain, on_word);
      const std::string normal = basic.normalize(plain);
      normalized_.split(
          normal, [&](std::string_view rest) { basic.for_each_normalized_word(rest, on_word); }, on_token);
    };
    raw_.split(text, on_text, on_token);
  }

  /// @return the id of a word of `never_split`, or nothing.
  std::optional<std::int32_t> whole_word(std::string_view word) const {
    const std::vector<std::string>& whole = options.never_split;
    if (whole.empty() || std::find(whole.begin(), whole.end(), word) == whole.end()) return std::nullopt;
    return added.find(word).value_or(unk_id);
  }

  /// @return the text that `decode` has for an id. @throws ValueError where the id is out of range.
  const std::string& token(std::int32_t id) const {
    if (const auto it = normal_texts_.find(id); it != normal_texts_.end()) return it->second;
    if (const AddedToken* token = added.token(id)) return token->content;
    if (id < 0 || id >= added.size()) {
      throw ValueError(concat("[BertTokenizer] id must be in [0, ", added.size(), ") but is ", id));
    }
    return added.vocabulary().token(id);
  }

  /// @return whether this id has a role: [PAD], [UNK], [CLS], [SEP] or [MASK].
  bool has_role(std::int32_t id) const {
    return id == pad_id || id == unk_id || id == cls_id || id == sep_id || id == mask_id;
  }

  /// @return whether this id is a special token, with or without a role.
  bool is_special(std::int32_t id) const { return std::binary_search(special_ids_.begin(), special_ids_.end(), id); }

  /// @return whether `decode` leaves this id out where special tokens are skipped. As in the original, one stays
  /// whose normalized text is none.
  bool is_skipped(std::int32_t id) const {
    if (!is_special(id)) return false;
    const auto it = normal_texts_.find(id);
    if (it == normal_texts_.end()) return true;
    const auto same = added.find(it->second);
    return same && is_special(*same);
  }

  BertTokenizerOptions options;
  AddedVocabulary added;
  std::int32_t pad_id, unk_id, cls_id, sep_id;
  std::optional<std::int32_t> mask_id;
  BasicTokenizer basic;
  WordPiece wordpiece;

 private:
  static SplitterToken splitter_token(std::string text, std::int32_t id, const AddedToken& token) {
    return {std::move(text), id, token.single_word, token.lstrip, token.rstrip};
  }

  void prepare() {
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

  std::vector<std::int32_t> special_ids_;             // sorted
  std::map<std::int32_t, std::string> normal_texts_;  // of added tokens that normalization changes
  TokenSplitter raw_, normalized_;                    // in the text as it comes, and as it is normalized
};

}  // namespace tempa::inline TEMPA_ABI::detail
