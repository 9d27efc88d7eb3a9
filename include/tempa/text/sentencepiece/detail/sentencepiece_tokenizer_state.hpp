// The parts of a sentencepiece tokenizer, and how it splits a text. The internals of sentencepiece_tokenizer.hpp.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/error.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_config.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>
#include <tempa/text/sentencepiece/detail/unigram.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/token_splitter.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI::detail {

/// All of it never changes.
class SentencePieceTokenizerState {
 public:
  /// @throws FormatError where a special token but the mask is missing.
  SentencePieceTokenizerState(SentencePieceVocabulary vocabulary, SentencePieceTokenizerOptions given);
  SentencePieceTokenizerState(const SentencePieceTokenizerState&) = delete;
  SentencePieceTokenizerState& operator=(const SentencePieceTokenizerState&) = delete;

  /// @throws ValueError where `text` is not valid UTF-8 or `piece_drop_prob` is out of range.
  std::vector<std::int32_t> ids_of(std::string_view text, double piece_drop_prob = 0.0) const;

  /// @source tokenizers `decoders.Metaspace`.
  std::string join(const std::vector<std::string>& pieces) const;

  /// @return the text of an id. @throws ValueError where it is out of range.
  const std::string& token(std::int32_t id) const;

  /// @return the id of a piece or an added token, or nothing.
  std::optional<std::int32_t> find(std::string_view text) const { return find_in(added, text); }

  /// @return whether `decode` leaves this id out where special tokens are skipped.
  bool is_special(std::int32_t id) const;

  /// @return the number of ids.
  std::int64_t size() const { return size_with(added); }

  SentencePieceTokenizerOptions options;
  SpecialTokens special;
  SentencePieceVocabulary source;  ///< without its pieces, which are in `unigram`
  Unigram unigram;
  std::int32_t pad_id, unk_id, cls_id, sep_id;
  std::map<std::int32_t, AddedToken> added;  ///< by id
  std::optional<std::int32_t> mask_id;

 private:
  bool is_albert() const { return options.convention == SentencePieceConvention::kAlbert; }

  std::int32_t require_id(const std::string& token) const;

  std::int64_t size_with(const std::map<std::int32_t, AddedToken>& tokens) const;

  std::optional<std::int32_t> find_in(const std::map<std::int32_t, AddedToken>& tokens, std::string_view text) const;

  /// The tokens of the options, those of the file, the special tokens.
  std::map<std::int32_t, AddedToken> added_tokens() const;

  static SplitterToken splitter_token(std::string text, std::int32_t id, const AddedToken& token);
  /// @param in_normalized whether those that are found in the normalized text, themselves normalized, or the others.
  std::vector<SplitterToken> splitter_tokens(bool in_normalized) const;
  /// @source transformers 5 `AlbertTokenizer`, `XLMRobertaTokenizer`: their normalizers.
  std::string normalize(std::string_view text) const;

  /// Splits at white space and before U+2581; each word begins with U+2581.
  /// @source tokenizers `WhitespaceSplit`, `Metaspace`.
  void append_words(std::string_view text, std::string& word, std::vector<std::int32_t>& ids, double drop_prob) const;

  TokenSplitter raw_, normalized_;  // in the text as it comes, and as it is normalized
};

}  // namespace tempa::inline TEMPA_ABI::detail

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/sentencepiece_tokenizer_state.ipp>
#endif
