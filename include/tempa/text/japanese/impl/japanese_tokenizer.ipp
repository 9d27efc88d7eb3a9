// The bodies of <tempa/text/japanese/japanese_tokenizer.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/bert/detail/bert_decoder.hpp>
#include <tempa/text/japanese/detail/sentencepiece_subwords.hpp>
#include <tempa/text/japanese/japanese_tokenizer.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <system_error>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE BertJapaneseTokenizer::BertJapaneseTokenizer(Vocabulary vocabulary, BertJapaneseTokenizerOptions options) {
  if (options.subword_tokenizer == JapaneseSubwordTokenizer::kSentencePiece && options.tokenize_subwords) {
    throw ConfigError("[BertJapaneseTokenizer] subwords by sentencepiece need a model, not a vocabulary");
  }
  if (const std::string missing = missing_token(vocabulary, options); !missing.empty()) {
    throw ConfigError(concat("[BertJapaneseTokenizer] the vocabulary must have the special token ", missing,
                             " but has not, among ", vocabulary.size(), " tokens"));
  }
  state_ = std::make_shared<const State>(std::move(vocabulary), std::nullopt, std::move(options));
}

TEMPA_INLINE BertJapaneseTokenizer BertJapaneseTokenizer::from_vocab_file(const std::filesystem::path& path,
                                                                          BertJapaneseTokenizerOptions options) {
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

TEMPA_INLINE BertJapaneseTokenizer BertJapaneseTokenizer::from_pretrained(const std::filesystem::path& folder,
                                                                          BertJapaneseTokenizerOptions options) {
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

TEMPA_INLINE void BertJapaneseTokenizer::save_pretrained(const std::filesystem::path& folder) const {
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

TEMPA_INLINE std::vector<std::string> BertJapaneseTokenizer::tokenize(std::string_view text) const {
  std::vector<std::string> tokens;
  for (const std::int32_t id : ids_of(text)) tokens.push_back(token(id));
  return tokens;
}

TEMPA_INLINE Encoding BertJapaneseTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return encode_sequence(ids_of(text, options.piece_drop_prob), std::nullopt, frame(), options);
}

TEMPA_INLINE Encoding BertJapaneseTokenizer::encode(std::string_view text, std::string_view pair,
                                                    const EncodeOptions& options) const {
  return encode_sequence(ids_of(text, options.piece_drop_prob), ids_of(pair, options.piece_drop_prob), frame(),
                         options);
}

TEMPA_INLINE std::string BertJapaneseTokenizer::decode(std::span<const std::int32_t> ids,
                                                       const DecodeOptions& options) const {
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

TEMPA_INLINE bool BertJapaneseTokenizer::is_special(std::int32_t id) const {
  const AddedToken* added = state_->added.token(id);
  return added != nullptr && added->special;
}

TEMPA_INLINE BertJapaneseTokenizer::State::State(Vocabulary vocabulary, std::optional<SentencePieceModel> sentencepiece,
                                                 BertJapaneseTokenizerOptions given, const std::string& path)
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

TEMPA_INLINE std::vector<std::string> BertJapaneseTokenizer::State::never_split() const {
  std::vector<std::string> words = options.never_split;
  for (const std::string_view token : options.special_tokens.all()) words.emplace_back(token);
  for (const auto& [id, token] : added.tokens()) {
    if (token.special) words.push_back(token.content);
  }
  return words;
}

TEMPA_INLINE std::vector<SplitterToken> BertJapaneseTokenizer::State::splitter_tokens() const {
  std::vector<SplitterToken> tokens;
  for (const auto& [id, token] : added.tokens()) {
    tokens.push_back({token.content, id, token.single_word, token.lstrip, token.rstrip});
  }
  return tokens;
}

TEMPA_INLINE std::string BertJapaneseTokenizer::missing_token(const Vocabulary& vocabulary,
                                                              const BertJapaneseTokenizerOptions& options) {
  const SpecialTokens& special = options.special_tokens;
  for (const std::string& token : {special.unk_token, special.cls_token, special.sep_token, special.pad_token}) {
    if (!vocabulary.find(token)) return token;
  }
  return {};
}

TEMPA_INLINE AddedVocabulary BertJapaneseTokenizer::with_added_tokens(Vocabulary vocabulary,
                                                                      const BertJapaneseTokenizerOptions& options,
                                                                      bool all) {
  AddedVocabulary added(std::move(vocabulary));
  for (const AddedToken& token : options.added_tokens) added.add(token);
  for (const std::string_view name : options.special_tokens.all()) {
    const auto id = added.find(name);
    if (id ? added.token(*id) == nullptr : all) added.add({.content = std::string(name), .special = true});
  }
  return added;
}

TEMPA_INLINE SequenceTemplate BertJapaneseTokenizer::frame() const {
  return {.cls_id = cls_token_id(), .sep_id = sep_token_id(), .truncation_rules = TextRules::kPython};
}

TEMPA_INLINE const std::string& BertJapaneseTokenizer::token(std::int32_t id) const {
  if (const AddedToken* added = state_->added.token(id)) return added->content;
  return vocabulary().token(id);
}

TEMPA_INLINE bool BertJapaneseTokenizer::is_never_split(std::string_view word) const {
  const std::vector<std::string>& words = state_->basic.options().never_split;
  return std::find(words.begin(), words.end(), word) != words.end();
}

TEMPA_INLINE std::vector<std::int32_t> BertJapaneseTokenizer::ids_of(std::string_view text,
                                                                     double piece_drop_prob) const {
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

TEMPA_INLINE void BertJapaneseTokenizer::append_ids(std::string_view word, std::vector<std::int32_t>& ids,
                                                    double piece_drop_prob) const {
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

}  // namespace tempa::inline TEMPA_ABI
