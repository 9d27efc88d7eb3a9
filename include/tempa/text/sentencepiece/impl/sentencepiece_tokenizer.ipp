// The bodies of <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>.
#pragma once

#include <tempa/core/random.hpp>
#include <tempa/io/files/file.hpp>
#include <tempa/text/sentencepiece/sentencepiece_tokenizer.hpp>
#include <tempa/text/shared/detail/token_fields.hpp>

#include <system_error>
#include <utility>

namespace tempa::inline TEMPA_ABI {

TEMPA_INLINE SentencePieceTokenizer SentencePieceTokenizer::from_model_file(const std::filesystem::path& path,
                                                                            SentencePieceTokenizerOptions options) {
  SentencePieceModel model = SentencePieceModel::load(path);
  if (model.type != SentencePieceModel::ModelType::kUnigram) {
    throw ConfigError(concat("[SentencePieceTokenizer] ", path.string(),
                             ": expected a unigram model but it is of the type ", static_cast<int>(model.type)));
  }
  const SpecialTokens special = options.special_tokens.value_or(special_tokens_of(options.convention));
  auto vocabulary = detail::sentencepiece_vocabulary(std::move(model), path.string(), options.convention, special);
  return SentencePieceTokenizer(std::move(vocabulary), std::move(options));
}

TEMPA_INLINE SentencePieceTokenizer SentencePieceTokenizer::from_tokenizer_json(const std::filesystem::path& path,
                                                                                SentencePieceTokenizerOptions options) {
  return SentencePieceTokenizer(detail::sentencepiece_vocabulary_from_json(path), std::move(options));
}

TEMPA_INLINE SentencePieceTokenizer SentencePieceTokenizer::from_pretrained(const std::filesystem::path& folder,
                                                                            SentencePieceTokenizerOptions options) {
  const std::filesystem::path model = folder / model_file_name(options.convention);
  const std::filesystem::path json = folder / "tokenizer.json";
  if (!std::filesystem::exists(model) && !std::filesystem::exists(json)) {
    throw IoError(folder.string(),
                  concat("expected a folder with ", model.filename().string(), " or tokenizer.json but there is none"));
  }
  SpecialTokens special = options.special_tokens.value_or(special_tokens_of(options.convention));
  read_special_tokens_map(folder, special);
  options.special_tokens = std::move(special);
  std::optional<JsonFile> config;
  if (const std::filesystem::path path = folder / "tokenizer_config.json"; std::filesystem::exists(path)) {
    config = read_json(path.string());
    options = read_sentencepiece_tokenizer_config(*config, std::move(options));
  }
  SentencePieceTokenizer tokenizer = std::filesystem::exists(model) ? from_model_file(model, std::move(options))
                                                                    : from_tokenizer_json(json, std::move(options));
  if (config) require_added_token_ids(*config, *tokenizer.state_);
  return tokenizer;
}

TEMPA_INLINE const char* SentencePieceTokenizer::model_file_name(SentencePieceConvention convention) {
  return convention == SentencePieceConvention::kAlbert ? "spiece.model" : "sentencepiece.bpe.model";
}

TEMPA_INLINE void SentencePieceTokenizer::save_pretrained(const std::filesystem::path& folder) const {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw IoError(folder.string(), concat("cannot make the folder: ", error.message()));
  const char* const name = state_->source.is_model ? model_file_name(options().convention) : "tokenizer.json";
  atomic_write_text((folder / name).string(), state_->source.bytes);
  write_sentencepiece_tokenizer_config(folder, options(), state_->added);
}

TEMPA_INLINE std::vector<std::string> SentencePieceTokenizer::tokenize(std::string_view text) const {
  std::vector<std::string> pieces;
  for (const std::int32_t id : state_->ids_of(text)) pieces.push_back(state_->token(id));
  return pieces;
}

TEMPA_INLINE Encoding SentencePieceTokenizer::encode(std::string_view text, const EncodeOptions& options) const {
  return encode_sequence(state_->ids_of(text, options.piece_drop_prob), std::nullopt, frame(), options);
}

TEMPA_INLINE Encoding SentencePieceTokenizer::encode(std::string_view text, std::string_view pair,
                                                     const EncodeOptions& options) const {
  return encode_sequence(state_->ids_of(text, options.piece_drop_prob), state_->ids_of(pair, options.piece_drop_prob),
                         frame(), options);
}

TEMPA_INLINE std::string SentencePieceTokenizer::decode(std::span<const std::int32_t> ids,
                                                        const DecodeOptions& options) const {
  std::vector<std::string> pieces;
  for (const std::int32_t id : ids) {
    const std::string& piece = state_->token(id);
    if (!(options.skip_special_tokens && is_special(id))) pieces.push_back(piece);
  }
  return state_->join(pieces);
}

TEMPA_INLINE SentencePieceTokenizer::SentencePieceTokenizer(detail::SentencePieceVocabulary vocabulary,
                                                            SentencePieceTokenizerOptions options)
    : state_(std::make_shared<const detail::SentencePieceTokenizerState>(std::move(vocabulary), std::move(options))) {}

TEMPA_INLINE SequenceTemplate SentencePieceTokenizer::frame() const {
  const bool albert = options().convention == SentencePieceConvention::kAlbert;
  return {
      .cls_id = cls_token_id(), .sep_id = sep_token_id(), .two_separators = !albert, .second_text_is_type_1 = albert};
}

}  // namespace tempa::inline TEMPA_ABI
