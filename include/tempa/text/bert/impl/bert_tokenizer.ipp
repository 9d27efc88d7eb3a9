// The bodies of <tempa/text/bert/bert_tokenizer.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/io/files/detail/printable.hpp>
#include <tempa/text/bert/bert_tokenizer.hpp>
#include <tempa/text/bert/detail/bert_decoder.hpp>

#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE BertTokenizer::BertTokenizer(Vocabulary vocabulary, BertTokenizerOptions options)
    : BertTokenizer(detail::BertTokenizerParts{std::move(vocabulary), std::move(options), {}}, {}) {}

TEMPA_INLINE BertTokenizer BertTokenizer::from_vocab_file(const std::filesystem::path& path,
                                                          BertTokenizerOptions options) {
  Vocabulary vocabulary = Vocabulary::load(path);
  return BertTokenizer(detail::BertTokenizerParts{std::move(vocabulary), std::move(options), {}}, path.string());
}

TEMPA_INLINE BertTokenizer BertTokenizer::from_tokenizer_file(const std::filesystem::path& path,
                                                              BertTokenizerOptions options) {
  return BertTokenizer(detail::read_bert_tokenizer_file(path, std::move(options)), path.string());
}

TEMPA_INLINE BertTokenizer BertTokenizer::from_pretrained(const std::filesystem::path& folder,
                                                          BertTokenizerOptions options) {
  return BertTokenizer(detail::read_bert_tokenizer_folder(folder, std::move(options)), folder.string());
}

TEMPA_INLINE void BertTokenizer::save_pretrained(const std::filesystem::path& folder) const {
  detail::write_bert_tokenizer_folder(folder, *state_, *rest_);
}

TEMPA_INLINE std::int64_t BertTokenizer::add_tokens(std::vector<AddedToken> tokens) {
  BertTokenizerOptions changed = options();
  AddedVocabulary added = state_->added;
  std::int64_t count = 0;
  for (AddedToken& token : tokens) count += added.add(std::move(token)) ? 1 : 0;
  changed.added_tokens.clear();
  for (const auto& [id, token] : added.tokens()) changed.added_tokens.push_back(token);
  state_ = std::make_shared<const detail::BertTokenizerState>(std::move(added), std::move(changed));
  return count;
}

TEMPA_INLINE std::vector<std::string> BertTokenizer::tokenize(std::string_view text) const {
  std::vector<std::string> tokens;
  std::vector<std::int32_t> ids;
  state_->walk(
      text,
      [&](std::string_view word) {
        if (state_->whole_word(word)) return void(tokens.emplace_back(word));
        ids.clear();
        state_->wordpiece.append_ids(word, ids);
        for (const std::int32_t id : ids) tokens.push_back(vocabulary().token(id));
      },
      [&](std::int32_t, std::string_view found) { tokens.emplace_back(found); });
  return tokens;
}

TEMPA_INLINE Encoding BertTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return encode_sequence(ids_of(text, options.piece_drop_prob), std::nullopt, frame(), options);
}

TEMPA_INLINE Encoding BertTokenizer::encode(std::string_view text, std::string_view pair,
                                            const EncodeOptions& options) const {
  std::vector<std::int32_t> first = ids_of(text, options.piece_drop_prob);
  return encode_sequence(std::move(first), ids_of(pair, options.piece_drop_prob), frame(), options);
}

TEMPA_INLINE std::vector<Encoding> BertTokenizer::encode_batch(std::span<const std::string> texts,
                                                               const EncodeOptions& options) const {
  return tempa::encode_batch(*this, texts, options);
}

TEMPA_INLINE std::vector<Encoding> BertTokenizer::encode_batch(std::span<const std::string> texts,
                                                               std::span<const std::string> pairs,
                                                               const EncodeOptions& options) const {
  return tempa::encode_batch(*this, texts, pairs, options);
}

TEMPA_INLINE std::string BertTokenizer::decode(std::span<const std::int32_t> ids, const DecodeOptions& options) const {
  std::string text = detail::decode_bert(*state_, ids, options.skip_special_tokens);
  const auto wanted = options.clean_up_tokenization_spaces ? options.clean_up_tokenization_spaces
                                                           : this->options().clean_up_tokenization_spaces;
  return wanted.value_or(false) ? detail::clean_up_spaces(std::move(text), false) : text;
}

TEMPA_INLINE const Vocabulary& BertTokenizer::vocabulary() const { return state_->wordpiece.vocabulary(); }

TEMPA_INLINE BertTokenizer::BertTokenizer(detail::BertTokenizerParts parts, const std::string& path) {
  AddedVocabulary added = detail::added_vocabulary(std::move(parts.vocabulary), parts.options);
  if (const auto missing = detail::missing_special_token(added, parts.options.special_tokens); !missing.empty()) {
    const std::string message = concat("the vocabulary must have the special token ", printable(missing),
                                       " but has not, among ", added.vocabulary().size(), " tokens");
    if (path.empty()) throw ConfigError("[BertTokenizer] " + message);
    throw FormatError(path, 0, message);
  }
  state_ = std::make_shared<const detail::BertTokenizerState>(std::move(added), std::move(parts.options));
  rest_ = std::make_shared<const detail::BertTokenizerRest>(std::move(parts.rest));
}

TEMPA_INLINE std::vector<std::int32_t> BertTokenizer::ids_of(std::string_view text, double piece_drop_prob) const {
  if (!(piece_drop_prob >= 0.0 && piece_drop_prob < 1.0))
    throw ValueError(concat("[encode] piece_drop_prob must be in [0,1) but is ", piece_drop_prob));
  std::vector<std::int32_t> ids;
  ids.reserve(text.size() / 4 + 4);
  state_->walk(
      text,
      [&](std::string_view word) {
        if (const auto whole = state_->whole_word(word)) {
          ids.push_back(*whole);
        } else if (piece_drop_prob > 0.0) {
          Generator& generator = default_generator();
          const std::uint32_t threshold = drop_threshold(piece_drop_prob);
          state_->wordpiece.append_ids(word, ids, [&] { return generator.bits() < threshold; });
        } else {
          state_->wordpiece.append_ids(word, ids);
        }
      },
      [&](std::int32_t id, std::string_view) { ids.push_back(id); });
  return ids;
}

}  // namespace tempa::inline TEMPA_ABI
