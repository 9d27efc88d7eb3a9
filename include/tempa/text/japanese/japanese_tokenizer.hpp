// The Japanese BERT tokenizer: NFKC, words by MeCab, tokens by WordPiece, by characters or by sentencepiece.
// Needs MeCab only for words by MeCab, and sentencepiece only for subwords by sentencepiece.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/core/detail/compiled.hpp>
#include <tempa/core/error.hpp>
#include <tempa/core/random.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/bert/detail/basic_tokenizer.hpp>
#include <tempa/text/bert/detail/wordpiece.hpp>
#include <tempa/text/detail/unicode/unicode.hpp>
#include <tempa/text/detail/unicode/utf8.hpp>
#include <tempa/text/japanese/detail/japanese_tokenizer_config.hpp>
#include <tempa/text/japanese/detail/mecab.hpp>
#include <tempa/text/japanese/detail/python_token_splitter.hpp>
#include <tempa/text/japanese/detail/sentencepiece_subwords.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_processor.hpp>
#include <tempa/text/shared/detail/added_vocabulary.hpp>
#include <tempa/text/shared/detail/sequence_template.hpp>
#include <tempa/text/shared/vocabulary.hpp>
#include <tempa/text/tokenizer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

TEMPA_COMPILED_FILE("text");

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
  explicit BertJapaneseTokenizer(Vocabulary vocabulary, BertJapaneseTokenizerOptions options = {}) {
    if (options.subword_tokenizer == JapaneseSubwordTokenizer::kSentencePiece && options.tokenize_subwords) {
      throw ConfigError("[BertJapaneseTokenizer] subwords by sentencepiece need a model, not a vocabulary");
    }
    if (const std::string missing = missing_token(vocabulary, options); !missing.empty()) {
      throw ConfigError(concat("[BertJapaneseTokenizer] the vocabulary must have the special token ", missing,
                               " but has not, among ", vocabulary.size(), " tokens"));
    }
    state_ = std::make_shared<const State>(std::move(vocabulary), std::nullopt, std::move(options));
  }

  /// Opens a vocabulary file (vocab.txt), or a sentencepiece model where the subwords are sentencepiece's.
  /// @throws as the constructor; IoError, FormatError: `Vocabulary::load`, `SentencePieceModel::load`; FormatError
  ///   where a special token is missing in vocab.txt.
  static BertJapaneseTokenizer from_vocab_file(const std::filesystem::path& path,
                                               BertJapaneseTokenizerOptions options = {}) {
    if (options.subword_tokenizer == JapaneseSubwordTokenizer::kSentencePiece) {
      SentencePieceModel model = SentencePieceModel::load(path);
      std::vector<std::string> pieces;
      for (const SentencePieceModel::Piece& piece : model.pieces) pieces.push_back(piece.text);
      return BertJapaneseTokenizer(std::make_shared<const State>(Vocabulary::from_tokens(std::move(pieces)),
                                                                 std::move(model), std::move(options), path.string()));
    }
    Vocabulary vocabulary = Vocabulary::load(path, TextRules::kPython);
    if (const std::string missing = missing_token(vocabulary, options); !missing.empty()) {
      throw FormatError(path.string(), 0,
                        concat("the vocabulary must have the special token ", missing, " but has not, among ",
                               vocabulary.size(), " tokens"));
    }
    return BertJapaneseTokenizer(std::move(vocabulary), std::move(options));
  }

  /// Opens a Hugging Face model folder: vocab.txt (or spiece.model) and, where they exist, tokenizer_config.json
  /// and special_tokens_map.json. What tokenizer_config.json does not say comes from the model's old name
  /// (`japanese_options_of_folder`), and else from `options`.
  /// @param options always decides the folder of the dictionary.
  /// @throws as `from_vocab_file`; IoError, FormatError, ConfigError: `read_japanese_tokenizer_config`.
  static BertJapaneseTokenizer from_pretrained(const std::filesystem::path& folder,
                                               BertJapaneseTokenizerOptions options = {}) {
    if (!std::filesystem::is_directory(folder)) {
      throw IoError(folder.string(), "expected a folder with vocab.txt but there is none of this name");
    }
    if (const auto old = japanese_options_of_folder(folder)) {
      options.word_tokenizer = old->word_tokenizer;
      options.subword_tokenizer = old->subword_tokenizer;
      options.lower_case = old->lower_case;
      options.mecab.dictionary_name = old->mecab.dictionary_name;
    }
    read_special_tokens_map(folder, options.special_tokens);
    std::optional<JsonFile> config;
    if (const std::filesystem::path path = folder / "tokenizer_config.json"; std::filesystem::exists(path)) {
      config = read_json(path.string());
      options = read_japanese_tokenizer_config(*config, std::move(options));
    }
    const bool has_model = options.subword_tokenizer == JapaneseSubwordTokenizer::kSentencePiece;
    BertJapaneseTokenizer tokenizer =
        from_vocab_file(folder / (has_model ? "spiece.model" : "vocab.txt"), std::move(options));
    if (config) require_added_token_ids(*config, tokenizer.state_->added);
    return tokenizer;
  }

  /// Writes vocab.txt or spiece.model (the bytes that were read), tokenizer_config.json and special_tokens_map.json,
  /// which transformers opens. @param folder created where it does not exist.
  /// @throws IoError where it or a file cannot be written.
  void save_pretrained(const std::filesystem::path& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw IoError(folder.string(), concat("cannot make the folder: ", error.message()));
    if (state_->model) {
      atomic_write_text((folder / "spiece.model").string(), state_->model->bytes);
    } else {
      state_->added.vocabulary().save(folder / "vocab.txt");
    }
    write_japanese_tokenizer_config(folder, options(), state_->added.tokens());
  }

  /// @return the tokens of `text` without [CLS] and [SEP]; [UNK] for what is not in the vocabulary. @param text UTF-8.
  /// @throws ValueError with the byte offset where `text` is not valid UTF-8.
  std::vector<std::string> tokenize(std::string_view text) const {
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids_of(text)) tokens.push_back(token(id));
    return tokens;
  }

  /// Calls `visit(std::string_view word)` for each word before it is split into tokens; added tokens in `text` are left
  /// out. @throws ValueError with the byte offset where `text` is not valid UTF-8.
  template <typename Visit>
  void for_each_word(std::string_view text, Visit&& visit) const {
    walk(text, visit, [](std::int32_t, std::string_view) {});
  }

  /// Encodes one text: [CLS] text [SEP].
  /// @param text UTF-8. @return ids and token types (all 0).
  /// @throws ValueError where `text` is not valid UTF-8 or `max_length` leaves no room for the special tokens.
  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const {
    return encode_sequence(ids_of(text, options.piece_drop_prob), std::nullopt, frame(), options);
  }

  /// Encodes a pair of texts: [CLS] text [SEP] pair [SEP]. An empty `pair` is a pair too.
  /// @param text UTF-8. @param pair UTF-8. @return ids and token types (1 for `pair` and its [SEP]).
  /// @throws ValueError where a text is not valid UTF-8, `max_length` leaves no room for the special tokens, or
  ///   `truncation` does not allow to remove enough.
  Encoding encode(std::string_view text, std::string_view pair, const EncodeOptions& options = {}) const {
    return encode_sequence(ids_of(text, options.piece_drop_prob), ids_of(pair, options.piece_drop_prob), frame(),
                           options);
  }

  /// Joins tokens to a text: spaces between tokens, none before "##".
  /// @param ids each in [0, vocab_size()). @return UTF-8, not the original text.
  /// @throws ValueError where an id is out of range. @source transformers `decode(ids, skip_special_tokens)`.
  std::string decode(std::span<const std::int32_t> ids, const DecodeOptions& options = {}) const {
    std::vector<std::string> tokens;
    for (const std::int32_t id : ids) {
      const std::string& text = token(id);
      if (!(options.skip_special_tokens && is_special(id))) tokens.push_back(text);
    }
    if (state_->processor) return state_->processor->decode(tokens);
    std::string joined;
    for (const std::string& text : tokens) {
      if (!joined.empty()) joined += ' ';
      joined += text;
    }
    joined = detail::replace_all(joined, " ##", "");
    return std::string(trim_left(trim_right(joined, is_python_space), is_python_space));
  }

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
  bool is_special(std::int32_t id) const {
    const AddedToken* added = state_->added.token(id);
    return added != nullptr && added->special;
  }
  /// @return the vocabulary.
  const Vocabulary& vocabulary() const { return state_->added.vocabulary(); }
  /// @return the options it was made with, or read from the folder; the dictionary's name is filled in.
  const BertJapaneseTokenizerOptions& options() const { return state_->options; }

 private:
  struct State {
    State(Vocabulary vocabulary, std::optional<SentencePieceModel> sentencepiece, BertJapaneseTokenizerOptions given,
          const std::string& path = {})
        : options(std::move(given)),
          model(std::move(sentencepiece)),
          added(with_added_tokens(std::move(vocabulary), options, model.has_value())),
          pad_id(*added.find(options.special_tokens.pad_token)),
          unk_id(*added.find(options.special_tokens.unk_token)),
          cls_id(*added.find(options.special_tokens.cls_token)),
          sep_id(*added.find(options.special_tokens.sep_token)),
          mask_id(added.find(options.special_tokens.mask_token)),
          basic({.lower_case = options.lower_case,
                 .tokenize_chinese_chars = false,
                 .rules = TextRules::kPython,
                 .never_split = never_split()}),
          wordpiece(added.vocabulary(), unk_id),
          splitter(splitter_tokens()) {
      if (model) processor.emplace(model->bytes, path);
      if (options.tokenize_words && options.word_tokenizer == JapaneseWordTokenizer::kMecab) {
        mecab.emplace(options.mecab);
        if (!options.mecab.dictionary_name && mecab->dictionary().is_ipadic()) {
          options.mecab.dictionary_name = "ipadic";
        }
      }
    }

    std::vector<std::string> never_split() const {
      std::vector<std::string> words = options.never_split;
      for (const std::string_view token : options.special_tokens.all()) words.emplace_back(token);
      for (const auto& [id, token] : added.tokens()) {
        if (token.special) words.push_back(token.content);
      }
      return words;
    }
    std::vector<SplitterToken> splitter_tokens() const {
      std::vector<SplitterToken> tokens;
      for (const auto& [id, token] : added.tokens()) {
        tokens.push_back({token.content, id, token.single_word, token.lstrip, token.rstrip});
      }
      return tokens;
    }

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
  static std::string missing_token(const Vocabulary& vocabulary, const BertJapaneseTokenizerOptions& options) {
    const SpecialTokens& special = options.special_tokens;
    for (const std::string& token : {special.unk_token, special.cls_token, special.sep_token, special.pad_token}) {
      if (!vocabulary.find(token)) return token;
    }
    return {};
  }

  /// @param all whether a special token that the vocabulary lacks gets a new id, as for sentencepiece models.
  static AddedVocabulary with_added_tokens(Vocabulary vocabulary, const BertJapaneseTokenizerOptions& options,
                                           bool all) {
    AddedVocabulary added(std::move(vocabulary));
    for (const AddedToken& token : options.added_tokens) added.add(token);
    for (const std::string_view name : options.special_tokens.all()) {
      const auto id = added.find(name);
      if (id ? added.token(*id) == nullptr : all) added.add({.content = std::string(name), .special = true});
    }
    return added;
  }

  SequenceTemplate frame() const {
    return {.cls_id = cls_token_id(), .sep_id = sep_token_id(), .truncation_rules = TextRules::kPython};
  }

  const std::string& token(std::int32_t id) const {
    if (const AddedToken* added = state_->added.token(id)) return added->content;
    return vocabulary().token(id);
  }

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

  bool is_never_split(std::string_view word) const {
    const std::vector<std::string>& words = state_->basic.options().never_split;
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  std::vector<std::int32_t> ids_of(std::string_view text, double piece_drop_prob = 0.0) const {
    if (!(piece_drop_prob >= 0.0 && piece_drop_prob < 1.0)) {
      throw ValueError(concat("[encode] piece_drop_prob must be in [0,1) but is ", piece_drop_prob));
    }
    if (piece_drop_prob > 0.0 && state_->processor) {
      throw ValueError("[encode] piece_drop_prob must be 0 for subwords by sentencepiece");
    }
    std::vector<std::int32_t> ids;
    walk(
        text, [&](std::string_view word) { append_ids(word, ids, piece_drop_prob); },
        [&](std::int32_t id, std::string_view) { ids.push_back(id); });
    return ids;
  }

  void append_ids(std::string_view word, std::vector<std::int32_t>& ids, double piece_drop_prob) const {
    if (!options().tokenize_subwords) {
      ids.push_back(state_->added.find(word).value_or(unk_token_id()));
    } else if (state_->processor) {
      for (const std::string& piece : detail::sentencepiece_pieces(*state_->processor, word)) {
        ids.push_back(state_->added.find(piece).value_or(state_->model->unknown_id));
      }
    } else if (options().subword_tokenizer == JapaneseSubwordTokenizer::kCharacter) {
      for (const char32_t character : nfkc(to_utf32(word))) {
        ids.push_back(vocabulary().find(to_utf8(std::u32string_view(&character, 1))).value_or(unk_token_id()));
      }
    } else {
      detail::for_each_python_word(word, [&](std::string_view part) {
        if (piece_drop_prob > 0.0) {
          Generator& generator = default_generator();
          const std::uint32_t threshold = drop_threshold(piece_drop_prob);
          state_->wordpiece.append_ids(part, ids, [&] { return generator.bits() < threshold; });
        } else {
          state_->wordpiece.append_ids(part, ids);
        }
      });
    }
  }

  std::shared_ptr<const State> state_;
};

static_assert(Tokenizer<BertJapaneseTokenizer>);

}  // namespace tempa::inline TEMPA_ABI
