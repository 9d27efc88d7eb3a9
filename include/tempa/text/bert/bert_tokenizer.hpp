// The tokenizer of BERT: basic tokenizer and WordPiece, added and special tokens, pairs, truncation, decoding, files.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/batch_encoding.hpp>
#include <tempa/text/bert/bert_tokenizer_options.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_folder.hpp>
#include <tempa/text/bert/detail/bert_tokenizer_state.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/detail/sequence_template.hpp>
#include <tempa/text/shared/vocabulary.hpp>
#include <tempa/text/tokenizer.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Options of `decode`.
struct DecodeOptions {
  bool skip_special_tokens = false;
  /// Without spaces before . ? ! , n't 's and so on; when absent: as the tokenizer's options say.
  std::optional<bool> clean_up_tokenization_spaces = std::nullopt;
};

/// Turns texts into the ids that a BERT model reads. Cheap to copy: copies share one immutable state, and every
/// function but `add_tokens` is const, so that any number of threads can share a tokenizer.
/// @source transformers 5 `BertTokenizer`.
class BertTokenizer {
 public:
  /// @param vocabulary has [UNK] and, if `options.added_tokens` do not, the other special tokens. Without [MASK], which
  ///   only pre-training reads, this word is an ordinary one (transformers gives it an id after the vocabulary's).
  /// @throws ConfigError where one of them is missing, or added tokens contradict each other.
  explicit BertTokenizer(Vocabulary vocabulary, BertTokenizerOptions options = {});

  /// Opens a vocabulary file (vocab.txt).
  /// @throws IoError, FormatError: `Vocabulary::load`; FormatError where a special token is missing in it.
  static BertTokenizer from_vocab_file(const std::filesystem::path& path, BertTokenizerOptions options = {});

  /// Opens a tokenizer.json as a complete tokenizer: the ids are those of `tokenizers.Tokenizer.from_file`.
  /// @param options what the file does not say.
  /// @throws IoError; FormatError with the field where it is malformed; ConfigError with the field that describes
  ///   another kind of tokenizer than this one.
  static BertTokenizer from_tokenizer_file(const std::filesystem::path& path, BertTokenizerOptions options = {});

  /// Opens a Hugging Face model folder. Where its files disagree, these take precedence, as in transformers:
  /// - vocabulary: tokenizer.json, else vocab.txt;
  /// - case, accents, ideographs, names of special tokens: tokenizer_config.json, else the defaults of BertTokenizer,
  ///   whatever tokenizer.json says; only where tokenizer_class is PreTrainedTokenizerFast or TokenizersBackend,
  ///   tokenizer.json;
  /// - added tokens: added_tokens_decoder of tokenizer_config.json; without it special_tokens_map.json (which then
  ///   comes before the names in tokenizer_config.json), tokenizer.json and added_tokens.json.
  /// @param options what the folder does not say. @return a tokenizer that writes unknown fields of
  ///   tokenizer_config.json back.
  /// @throws IoError where a file cannot be read; FormatError with file and line or field where one is malformed, where
  ///   an added token has an id that is not its place in the vocabulary or the next one, and where a special token is
  ///   missing; ConfigError with the field that describes another kind of tokenizer than this one.
  static BertTokenizer from_pretrained(const std::filesystem::path& folder, BertTokenizerOptions options = {});

  /// Writes vocab.txt (byte by byte as it was read), tokenizer.json, tokenizer_config.json, special_tokens_map.json
  /// and, where there are new tokens, added_tokens.json, which transformers' AutoTokenizer opens.
  /// @param folder created where it does not exist. @throws IoError where it or a file cannot be written.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// Adds tokens that are never split. A token that the vocabulary has keeps its id, others get the next ids;
  /// one that was added before gets the new properties. Copies of this tokenizer do not change.
  /// @return how many of them were not added before, or had other properties. @throws ValueError, ConfigError:
  ///   `AddedVocabulary::add`; then nothing is added.
  /// @source transformers `add_tokens`.
  std::int64_t add_tokens(std::vector<AddedToken> tokens);

  /// @return the tokens of `text` without [CLS] and [SEP]; an added token as it was found. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const;

  /// Calls `visit(std::string_view word)` for each word that WordPiece would split; added tokens in `text` are left
  /// out.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    state_->walk(text, visit, [](std::int32_t, std::string_view) {});
  }

  /// Encodes one text: [CLS] text [SEP].
  /// @param text UTF-8. @return ids and token types (all 0).
  /// @throws ValueError where `text` is not valid UTF-8 or `max_length` leaves no room for the special tokens.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;

  /// Encodes a pair of texts: [CLS] text [SEP] pair [SEP]. An empty `pair` is a pair too.
  /// @param text UTF-8. @param pair UTF-8. @return ids and token types (1 for `pair` and its [SEP]).
  /// @throws ValueError where a text is not valid UTF-8, `max_length` leaves no room for the special tokens, or
  ///   `truncation` does not allow to remove enough.
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const;

  /// `tempa::encode_batch` of this tokenizer: all texts, or pairs of texts, on `num_threads()` threads.
  std::vector<Encoding> encode_batch(std::span<const std::string> texts, const EncodeOptions& options = {}) const;
  std::vector<Encoding> encode_batch(std::span<const std::string> texts, std::span<const std::string> pairs,
                                     const EncodeOptions& options = {}) const;

  /// Joins tokens to a text.
  /// @param ids each in [0, vocab_size()). @return UTF-8, not the original text: case, accents and spaces are lost.
  /// @throws ValueError where an id is out of range.
  /// @source transformers `decode`.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const;

  /// @return the id of a token, or that of [UNK] where it is unknown.
  /// @source transformers `convert_tokens_to_ids`.
  std::int32_t token_to_id(std::string_view token) const { return state_->added.find(token).value_or(unk_token_id()); }
  /// @return the token with this id; of an added token its normalized text.
  /// @throws ValueError where the id is out of range. @source transformers `convert_ids_to_tokens`.
  const std::string& id_to_token(std::int32_t id) const { return state_->token(id); }

  /// @return the number of ids, added tokens included: the smallest number of rows of an embedding.
  /// @source transformers `len(tokenizer)`.
  std::int64_t vocab_size() const { return state_->added.size(); }
  /// @return the id of [PAD].
  std::int32_t pad_token_id() const { return state_->pad_id; }
  /// @return the id of [UNK].
  std::int32_t unk_token_id() const { return state_->unk_id; }
  /// @return the id of [CLS].
  std::int32_t cls_token_id() const { return state_->cls_id; }
  /// @return the id of [SEP].
  std::int32_t sep_token_id() const { return state_->sep_id; }
  /// @return the id of [MASK], where there is one.
  std::optional<std::int32_t> mask_token_id() const { return state_->mask_id; }
  /// @return whether `id` is one of the special tokens, with or without a role.
  bool is_special(std::int32_t id) const { return state_->is_special(id); }
  /// @return the vocabulary without added tokens.
  const Vocabulary& vocabulary() const;
  /// @return the added tokens, including those that are in the vocabulary.
  const AddedVocabulary& added_vocabulary() const { return state_->added; }
  /// @return the options it was made with, or read from files.
  const BertTokenizerOptions& options() const { return state_->options; }

 private:
  /// @param path the file or folder it comes from, or nothing.
  BertTokenizer(detail::BertTokenizerParts parts, const std::string& path);

  SequenceTemplate frame() const { return {.cls_id = cls_token_id(), .sep_id = sep_token_id()}; }

  std::vector<std::int32_t> ids_of(std::string_view text, double piece_drop_prob) const;

  std::shared_ptr<const detail::BertTokenizerState> state_;
  std::shared_ptr<const detail::BertTokenizerRest> rest_;
};

static_assert(Tokenizer<BertTokenizer>);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/bert/impl/bert_tokenizer.ipp>
#endif
