// The pieces of a sentencepiece model or a tokenizer.json with their scores, and with the ids that a model family uses.
#pragma once

#include <tempa/core/config.hpp>
#include <tempa/text/sentencepiece/detail/precompiled_charsmap.hpp>
#include <tempa/text/sentencepiece/detail/sentencepiece_model.hpp>
#include <tempa/text/sentencepiece/detail/unigram.hpp>
#include <tempa/text/shared/detail/added_token.hpp>
#include <tempa/text/shared/special_tokens.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tempa::inline TEMPA_ABI {

/// The model family whose ids and special tokens are used with a sentencepiece model.
enum class SentencePieceConvention {
  /// Ids as in the model. [CLS] A [SEP] B [SEP], token types 0 and 1. Quotes, accents and case are normalized.
  kAlbert,
  /// <s>, <pad>, </s>, <unk> are 0 to 3, the other pieces follow in the model's order, <mask> is last.
  /// <s> A </s></s> B </s>, token types 0.
  kXlmRoberta
};

/// @return the names of the special tokens of a convention.
SpecialTokens special_tokens_of(SentencePieceConvention convention);

namespace detail {

/// The file of a sentencepiece tokenizer and its contents.
struct SentencePieceVocabulary {
  std::vector<ScoredPiece> pieces;  ///< piece i has id i
  std::int32_t unknown_id = 0;
  PrecompiledCharsmap charsmap{};
  std::vector<AddedToken> added{};  ///< the control and the user-defined pieces; all that tokenizer.json lists
  std::string path;
  std::string bytes;     ///< of the file
  bool is_model = true;  ///< or tokenizer.json
};

/// @source transformers 5 `SentencePieceExtractor.extract`, `XLMRobertaConverter.convert_from_spm`.
SentencePieceVocabulary sentencepiece_vocabulary(SentencePieceModel model, const std::string& path,
                                                 SentencePieceConvention convention, const SpecialTokens& special);

/// Reads a tokenizer.json with a unigram model: pieces, normalization table and added tokens. The rest of the file is
/// the same for each tokenizer class, and not read.
/// @throws FormatError with line and field; ConfigError where the model is not of the kind "Unigram".
SentencePieceVocabulary sentencepiece_vocabulary_from_json(const std::filesystem::path& path);

}  // namespace detail

}  // namespace tempa::inline TEMPA_ABI

#if !defined(TEMPA_SEPARATE)
#include <tempa/text/sentencepiece/detail/impl/sentencepiece_vocabulary.ipp>
#endif
