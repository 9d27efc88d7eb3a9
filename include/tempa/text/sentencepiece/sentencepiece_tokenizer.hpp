// Tokenizers with sentencepiece models, by ALBERT's and XLM-R's conventions.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_config.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_state.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_vocabulary.hpp>
#include <tempa/text/shared/detail/sequence_template.hpp>
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

/// Turns texts into the ids that a model with a sentencepiece vocabulary reads. Cheap to copy: copies share one
/// immutable state, and every function is const, so that any number of threads can share a tokenizer. Model files are
/// for trusted sources only: see `SentencePieceModel`.
/// @source transformers 5 `AlbertTokenizer` and `XLMRobertaTokenizer`.
class SentencePieceTokenizer {
 public:
  /// Opens a model file (spiece.model, sentencepiece.bpe.model).
  /// @throws IoError, FormatError: `SentencePieceModel::load`; FormatError where a special token is missing;
  ///   ConfigError where the model is no unigram model.
  static SentencePieceTokenizer from_model_file(const std::filesystem::path& path,
                                                SentencePieceTokenizerOptions options = {});

  /// Opens a tokenizer.json with a unigram model, which transformers 5 writes instead of the model file.
  /// @throws IoError, FormatError where it cannot be read; ConfigError where its model is another one.
  static SentencePieceTokenizer from_tokenizer_json(const std::filesystem::path& path,
                                                    SentencePieceTokenizerOptions options = {});

  /// Opens a Hugging Face model folder: spiece.model (ALBERT) or sentencepiece.bpe.model (XLM-R), or else
  /// tokenizer.json, and, where they exist, tokenizer_config.json and special_tokens_map.json.
  /// @param options its convention decides the model file; for the rest, the folder's files take precedence.
  /// @throws IoError where neither file exists; as `from_model_file`, `from_tokenizer_json`,
  ///   `read_sentencepiece_tokenizer_config`.
  static SentencePieceTokenizer from_pretrained(const std::filesystem::path& folder,
                                                SentencePieceTokenizerOptions options = {});

  /// @return the name of the model file of a convention.
  static const char* model_file_name(SentencePieceConvention convention);

  /// Writes the model file or tokenizer.json (the bytes that were read), tokenizer_config.json and
  /// special_tokens_map.json, which transformers opens. @param folder created where it does not exist.
  /// @throws IoError where it or a file cannot be written.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// @return the pieces of `text` without the special tokens; U+2581 stands for a space. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const;

  /// Encodes one text: [CLS] text [SEP], or <s> text </s>.
  /// @param text UTF-8. @return ids and token types (all 0).
  /// @throws ValueError where `text` is not valid UTF-8 or `max_length` leaves no room for the special tokens.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;

  /// Encodes a pair of texts: [CLS] text [SEP] pair [SEP], or <s> text </s></s> pair </s>. An empty `pair` is a pair
  /// too.
  /// @param text UTF-8. @param pair UTF-8. @return ids and token types.
  /// @throws ValueError where a text is not valid UTF-8, `max_length` leaves no room for the special tokens, or
  ///   `truncation` does not allow to remove enough.
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const;

  /// Joins pieces to a text.
  /// @param ids each in [0, vocab_size()). @return UTF-8, not the original text where it was normalized.
  /// @throws ValueError where an id is out of range. @source transformers `decode(ids, skip_special_tokens)`.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const;

  /// @return the number of ids: the smallest number of rows of an embedding.
  std::int64_t vocab_size() const { return state_->size(); }
  /// @return the id of the padding token.
  std::int32_t pad_token_id() const { return state_->pad_id; }
  /// @return the id of the unknown token.
  std::int32_t unk_token_id() const { return state_->unk_id; }
  /// @return the id of the first token of an encoding, [CLS] or <s>.
  std::int32_t cls_token_id() const { return state_->cls_id; }
  /// @return the id of the token that ends a text, [SEP] or </s>.
  std::int32_t sep_token_id() const { return state_->sep_id; }
  /// @return the id of the mask token, where the model has one.
  std::optional<std::int32_t> mask_token_id() const { return state_->mask_id; }
  /// @return whether `id` is one of the special tokens.
  bool is_special(std::int32_t id) const { return state_->is_special(id); }
  /// @return the options it was made with, or read from the folder.
  const SentencePieceTokenizerOptions& options() const { return state_->options; }

 private:
  SentencePieceTokenizer(detail::SentencePieceVocabulary vocabulary, SentencePieceTokenizerOptions options);

  SequenceTemplate frame() const;

  std::shared_ptr<const detail::SentencePieceTokenizerState> state_;
};

static_assert(Tokenizer<SentencePieceTokenizer>);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/impl/sentencepiece_tokenizer.ipp>
#endif
