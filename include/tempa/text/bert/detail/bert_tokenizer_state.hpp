// The parts of a BERT tokenizer, and how it splits a text. The internals of bert_tokenizer.hpp.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/bert/detail/basic_tokenizer.hpp>
#include <tempa/text/bert/detail/wordpiece.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>
#include <tempa/text/shared/vocabulary.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// The added tokens of a tokenizer: those of the options, then the special tokens.
AddedVocabulary added_vocabulary(Vocabulary vocabulary, const BertTokenizerOptions& options);

/// @return the first special token that is in no vocabulary, or an empty string. [MASK] may be missing.
std::string missing_special_token(const AddedVocabulary& added, const SpecialTokens& special);

/// All of it never changes.
class BertTokenizerState {
 public:
  /// @param given has all special tokens but, perhaps, the mask.
  BertTokenizerState(AddedVocabulary given, BertTokenizerOptions chosen);
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
  std::optional<std::int32_t> whole_word(std::string_view word) const;

  /// @return the text that `decode` has for an id. @throws ValueError where the id is out of range.
  const std::string& token(std::int32_t id) const;

  /// @return whether this id has a role: [PAD], [UNK], [CLS], [SEP] or [MASK].
  bool has_role(std::int32_t id) const;

  /// @return whether this id is a special token, with or without a role.
  bool is_special(std::int32_t id) const;

  /// @return whether `decode` leaves this id out where special tokens are skipped. As in the original, one stays
  /// whose normalized text is none.
  bool is_skipped(std::int32_t id) const;

  BertTokenizerOptions options;
  AddedVocabulary added;
  std::int32_t pad_id, unk_id, cls_id, sep_id;
  std::optional<std::int32_t> mask_id;
  BasicTokenizer basic;
  WordPiece wordpiece;

 private:
  static SplitterToken splitter_token(std::string text, std::int32_t id, const AddedToken& token);

  void prepare();

  std::vector<std::int32_t> special_ids_;             // sorted
  std::map<std::int32_t, std::string> normal_texts_;  // of added tokens that normalization changes
  TokenSplitter raw_, normalized_;                    // in the text as it comes, and as it is normalized
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/detail/impl/bert_tokenizer_state.ipp>
#endif
