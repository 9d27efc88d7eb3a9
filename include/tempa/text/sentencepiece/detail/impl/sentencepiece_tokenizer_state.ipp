// The bodies of <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_state.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/bert/detail/bert_decoder.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_preprocess.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_tokenizer_state.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tempa::inline TEMPA_ABI::detail {

TEMPA_INLINE SentencePieceTokenizerState::SentencePieceTokenizerState(SentencePieceVocabulary vocabulary,
                                                                      SentencePieceTokenizerOptions given)
    : options(std::move(given)),
      special(options.special_tokens.value_or(special_tokens_of(options.convention))),
      source(std::move(vocabulary)),
      unigram(std::move(source.pieces), source.unknown_id),
      pad_id(require_id(special.pad_token)),
      unk_id(require_id(special.unk_token)),
      cls_id(require_id(special.cls_token)),
      sep_id(require_id(special.sep_token)),
      added(added_tokens()),
      mask_id(find(special.mask_token)),
      raw_(splitter_tokens(false)),
      normalized_(splitter_tokens(true)) {}

TEMPA_INLINE std::vector<std::int32_t> SentencePieceTokenizerState::ids_of(std::string_view text,
                                                                           double piece_drop_prob) const {
  require_valid_utf8("SentencePieceTokenizer", text);
  if (!(piece_drop_prob >= 0.0 && piece_drop_prob < 1.0)) {
    throw ValueError(concat("[encode] piece_drop_prob must be in [0,1) but is ", piece_drop_prob));
  }
  std::vector<std::int32_t> ids;
  ids.reserve(text.size() / 3 + 4);
  const auto on_token = [&](std::int32_t id, std::string_view) { ids.push_back(id); };
  std::string word;
  const auto on_normal = [&](std::string_view normal) { append_words(normal, word, ids, piece_drop_prob); };
  raw_.split(
      text,
      [&](std::string_view plain) {
        const std::string normal = normalize(plain);
        if (normalized_.empty()) return on_normal(normal);
        normalized_.split(normal, on_normal, on_token);
      },
      on_token);
  return ids;
}

TEMPA_INLINE std::string SentencePieceTokenizerState::join(const std::vector<std::string>& pieces) const {
  std::string text;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    text += replace_all(pieces[i], kSentencePieceSpace, i == 0 ? "" : " ");
  }
  return text;
}

TEMPA_INLINE const std::string& SentencePieceTokenizerState::token(std::int32_t id) const {
  if (id < 0 || id >= size()) {
    throw ValueError(concat("[SentencePieceTokenizer] id must be in [0, ", size(), ") but is ", id));
  }
  const auto it = added.find(id);
  return it != added.end() ? it->second.content : unigram.pieces()[static_cast<std::size_t>(id)].text;
}

TEMPA_INLINE bool SentencePieceTokenizerState::is_special(std::int32_t id) const {
  const auto it = added.find(id);
  return it != added.end() && it->second.special;
}

TEMPA_INLINE std::int32_t SentencePieceTokenizerState::require_id(const std::string& token) const {
  const std::int32_t id = unigram.find(token);
  if (id == ByteTrie::kNoValue) {
    throw FormatError(source.path, 0,
                      concat("the model must have the special token ", token, " but has not, among ",
                             unigram.pieces().size(), " pieces"));
  }
  return id;
}

TEMPA_INLINE std::int64_t SentencePieceTokenizerState::size_with(
    const std::map<std::int32_t, AddedToken>& tokens) const {
  const auto pieces = static_cast<std::int64_t>(unigram.pieces().size());
  return tokens.empty() ? pieces : std::max<std::int64_t>(pieces, tokens.rbegin()->first + 1);
}

TEMPA_INLINE std::optional<std::int32_t> SentencePieceTokenizerState::find_in(
    const std::map<std::int32_t, AddedToken>& tokens, std::string_view text) const {
  if (const std::int32_t id = unigram.find(text); id != ByteTrie::kNoValue) return id;
  for (const auto& [id, token] : tokens) {
    if (token.content == text) return id;
  }
  return std::nullopt;
}

TEMPA_INLINE std::map<std::int32_t, AddedToken> SentencePieceTokenizerState::added_tokens() const {
  std::map<std::int32_t, AddedToken> tokens;
  const auto add = [&](AddedToken token) {  // NOLINT(performance-unnecessary-value-param): moved below
    require_valid_utf8("SentencePieceTokenizer", token.content);
    const auto id = find_in(tokens, token.content).value_or(static_cast<std::int32_t>(size_with(tokens)));
    tokens.try_emplace(id, std::move(token));
  };
  for (const AddedToken& token : options.added_tokens) add(token);
  for (const AddedToken& token : source.added) add(token);
  for (const std::string_view name : special.all()) {
    if (name == special.mask_token && !find_in(tokens, name)) continue;
    add({.content = std::string(name), .special = true});
  }
  return tokens;
}

TEMPA_INLINE SplitterToken SentencePieceTokenizerState::splitter_token(std::string text, std::int32_t id,
                                                                       const AddedToken& token) {
  return {std::move(text), id, token.single_word, token.lstrip, token.rstrip};
}

TEMPA_INLINE std::vector<SplitterToken> SentencePieceTokenizerState::splitter_tokens(bool in_normalized) const {
  std::vector<SplitterToken> tokens;
  for (const auto& [id, token] : added) {
    if (token.normalized != in_normalized) continue;
    std::string text = in_normalized ? normalize(token.content) : token.content;
    const auto same = [&](const SplitterToken& other) { return other.text == text; };
    if (std::any_of(tokens.begin(), tokens.end(), same)) {
      throw ConfigError(concat("[SentencePieceTokenizer] added tokens must differ after normalisation but two are ",
                               printable(text)));
    }
    if (!text.empty()) tokens.push_back(splitter_token(std::move(text), id, token));
  }
  return tokens;
}

TEMPA_INLINE std::string SentencePieceTokenizerState::normalize(std::string_view text) const {
  if (!is_albert()) return source.charsmap.normalize(text);
  std::string normal = replace_quotes(std::string(text));
  const bool ascii = std::none_of(normal.begin(), normal.end(), [](char c) { return (c & 0x80) != 0; });
  if (ascii) {
    if (options.lower_case) {
      for (char& c : normal) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  } else if (!options.keep_accents || options.lower_case) {
    std::u32string characters = to_utf32(normal);
    if (!options.keep_accents) characters = FastCharacters::strip_marks(characters);
    if (options.lower_case) {
      std::u32string lower;
      for (const char32_t c : characters) FastCharacters::append_lower(lower, c);
      characters = std::move(lower);
    }
    normal = to_utf8(characters);
  }
  return source.charsmap.normalize(normal);
}

TEMPA_INLINE void SentencePieceTokenizerState::append_words(std::string_view text, std::string& word,
                                                            std::vector<std::int32_t>& ids, double drop_prob) const {
  const auto finish = [&] {
    if (word.empty()) return;
    if (drop_prob > 0.0) {
      Generator& generator = default_generator();
      const std::uint32_t threshold = drop_threshold(drop_prob);
      unigram.append_ids(word, ids, [&] { return generator.bits() < threshold; });
    } else {
      unigram.append_ids(word, ids);
    }
    word.clear();
  };
  for (std::size_t i = 0; i < text.size();) {
    const DecodedCodePoint c = decode_utf8(text, i);
    const std::string_view bytes = text.substr(i, c.size);
    i += c.size;
    if (is_white_space(c.value)) {
      finish();
    } else if (bytes == kSentencePieceSpace) {
      finish();
      word = kSentencePieceSpace;
    } else {
      if (word.empty()) word = kSentencePieceSpace;
      word += bytes;
    }
  }
  finish();
}

}  // namespace tempa::inline TEMPA_ABI::detail
