// The Japanese BERT tokenizer: NFKC, words by MeCab, tokens by WordPiece, by characters or by sentencepiece.
// Needs MeCab only for words by MeCab, and sentencepiece only for subwords by sentencepiece.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/processors.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/bert/detail/basic_tokenizer.hpp>
#include <tempa/text/bert/detail/wordpiece.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/japanese/detail/japanese_tokenizer_config.hpp>
#include <tempa/text/japanese/detail/mecab.hpp>
#include <tempa/text/japanese/detail/python_token_splitter.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_processor.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/detail/sequence_template.hpp>
#include <tempa/text/shared/vocabulary.hpp>
#include <tempa/text/tokenizer.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// Turns Japanese texts into the ids that a Japanese BERT reads. Cheap to copy: copies share one immutable state, and
/// every function is const, so that any number of threads can share a tokenizer.
///   text -> added tokens apart -> NFKC -> words (MeCab) -> lower case -> tokens
/// A NUL in a text is skipped; transformers drops whatever follows it.
/// @source transformers 5 `BertJapaneseTokenizer`.
class BertJapaneseTokenizer {
 public:
  /// @param vocabulary has all special tokens but, perhaps, the mask; not for subwords by sentencepiece.
  /// @throws ConfigError where the vocabulary lacks one of them, the dictionary is missing (`find_mecab_dictionary`),
  ///   or MeCab is requested and this build has none.
  explicit BertJapaneseTokenizer(Vocabulary vocabulary, BertJapaneseTokenizerOptions options = {});

  /// Opens a vocabulary file (vocab.txt), or a sentencepiece model where the subwords are sentencepiece's.
  /// @throws as the constructor; IoError, FormatError: `Vocabulary::load`, `SentencePieceModel::load`; FormatError
  ///   where a special token is missing in vocab.txt.
  static BertJapaneseTokenizer from_vocab_file(const std::filesystem::path& path,
                                               BertJapaneseTokenizerOptions options = {});

  /// Opens a Hugging Face model folder: vocab.txt (or spiece.model) and, where they exist, tokenizer_config.json
  /// and special_tokens_map.json. What tokenizer_config.json does not say comes from the model's old name
  /// (`japanese_options_of_folder`), and else from `options`.
  /// @param options always decides the folder of the dictionary.
  /// @throws as `from_vocab_file`; IoError, FormatError, ConfigError: `read_japanese_tokenizer_config`.
  static BertJapaneseTokenizer from_pretrained(const std::filesystem::path& folder,
                                               BertJapaneseTokenizerOptions options = {});

  /// Writes vocab.txt or spiece.model (the bytes that were read), tokenizer_config.json and special_tokens_map.json,
  /// which transformers opens. @param folder created where it does not exist.
  /// @throws IoError where it or a file cannot be written.
  void save_pretrained(const std::filesystem::path& folder) const;

  /// @return the tokens of `text` without [CLS] and [SEP]; [UNK] for what is not in the vocabulary. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const;

  /// Calls `visit(std::string_view word)` for each word before it is split into tokens; added tokens in `text` are left
  /// out. @throws ValueError with the byte offset where `text` is not valid UTF-8.
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    walk(text, visit, [](std::int32_t, std::string_view) {});
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

  /// Joins tokens to a text: spaces between tokens, none before "##".
  /// @param ids each in [0, vocab_size()). @return UTF-8, not the original text.
  /// @throws ValueError where an id is out of range. @source transformers `decode(ids, skip_special_tokens)`.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const;

  /// @return the number of ids: the smallest number of rows of an embedding.
  std::int64_t vocab_size() const { return state_->added.size(); }
  /// @return the id of [PAD].
  std::int32_t pad_token_id() const { return state_->pad_id; }
  /// @return the id of [UNK].
  std::int32_t unk_token_id() const { return state_->unk_id; }
  /// @return the id of [CLS].
  std::int32_t cls_token_id() const { return state_->cls_id; }
  /// @return the id of [SEP].
  std::int32_t sep_token_id() const { return state_->sep_id; }
  /// @return the id of [MASK], where the vocabulary has it.
  std::optional<std::int32_t> mask_token_id() const { return state_->mask_id; }
  /// @return whether `id` is one of the special tokens.
  bool is_special(std::int32_t id) const;
  /// @return the vocabulary.
  const Vocabulary& vocabulary() const { return state_->added.vocabulary(); }
  /// @return the options it was made with, or read from the folder; the dictionary's name is filled in.
  const BertJapaneseTokenizerOptions& options() const { return state_->options; }

 private:
  struct State {
    State(Vocabulary vocabulary, std::optional<SentencePieceModel> sentencepiece, BertJapaneseTokenizerOptions given,
          const std::string& path = {});

    std::vector<std::string> never_split() const;
    std::vector<SplitterToken> splitter_tokens() const;

    BertJapaneseTokenizerOptions options;
    std::optional<SentencePieceModel> model;
    AddedVocabulary added;
    std::int32_t pad_id, unk_id, cls_id, sep_id;
    std::optional<std::int32_t> mask_id;
    BasicTokenizer basic;
    WordPiece wordpiece;
    PythonTokenSplitter splitter;
    std::optional<Mecab> mecab;
    std::optional<SentencePieceProcessor> processor;
  };

  explicit BertJapaneseTokenizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  /// @return the first special token that the vocabulary lacks, or an empty string.
  static std::string missing_token(const Vocabulary& vocabulary, const BertJapaneseTokenizerOptions& options);

  /// @param all whether a special token that the vocabulary lacks gets a new id, as for sentencepiece models.
  static AddedVocabulary with_added_tokens(Vocabulary vocabulary, const BertJapaneseTokenizerOptions& options,
                                           bool all);

  SequenceTemplate frame() const;

  const std::string& token(std::int32_t id) const;

  /// Splits `text` into words and added tokens.
  template <typename OnWord, typename OnToken>
  void walk(std::string_view text, OnWord&& on_word, OnToken&& on_token) const {
    require_valid_utf8("BertJapaneseTokenizer", text);
    state_->splitter.split(
        text,
        [&](std::string_view plain) {
          if (!options().tokenize_words) {
            on_word(plain);
          } else if (!state_->mecab) {
            state_->basic.for_each_word(plain, on_word);
          } else {
            walk_mecab(plain, on_word);
          }
        },
        on_token);
  }

  template <typename OnWord>
  void walk_mecab(std::string_view text, OnWord& on_word) const {
    std::string normal;
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (options().mecab.normalize_text && !std::all_of(text.begin(), text.end(), is_ascii)) {
      normal = nfkc(text);
      text = normal;
    }
    std::string without_nul;
    if (text.find('\0') != std::string_view::npos) {
      without_nul = text;
      std::erase(without_nul, '\0');
      text = without_nul;
    }
    state_->mecab->for_each_word(text, [&](std::string_view word) {
      if (options().lower_case && !is_never_split(word)) {
        on_word(std::string_view(to_lower(word)));
      } else {
        on_word(word);
      }
    });
  }

  bool is_never_split(std::string_view word) const;

  std::vector<std::int32_t> ids_of(std::string_view text, double piece_drop_prob = 0.0) const;

  void append_ids(std::string_view word, std::vector<std::int32_t>& ids, double piece_drop_prob) const;

  std::shared_ptr<const State> state_;
};

static_assert(Tokenizer<BertJapaneseTokenizer>);

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/japanese/impl/japanese_tokenizer.ipp>
#endif
